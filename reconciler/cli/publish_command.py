"""`reconciler publish`: say on the forge how a command ended, from its pipeline."""

import os
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from reconciler.cli.console import Console
from reconciler.cli.options import output_option
from reconciler.diagnostics import printable

if TYPE_CHECKING:
    from reconciler.forges import Published
    from reconciler.workflows.tallying import FailOn

_MOST = 8 * 1024 * 1024
_PLAN = click.Path(path_type=Path, dir_okay=False)

_body = click.option(
    "--body",
    required=True,
    type=click.File("rb", lazy=True),
    help="A file of Markdown; `-` reads stdin.",
)


def key_of(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """The key of a note, when a marker can hold it; raises BadParameter."""
    from reconciler.forges import marker_of

    try:
        marker_of(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return value


@click.group()
def publish() -> None:
    """Say on the forge how a command ended. Runs in pipelines of GitHub and GitLab.

    There is one comment, or issue, for each key: it is found by a hidden marker in what the
    token's own identity wrote, and updated in its place.
    """


@publish.command(short_help="Keep one comment on a pull request up to date.")
@_body
@click.option(
    "--key",
    default="plan",
    show_default=True,
    metavar="KEY",
    callback=key_of,
    help="Which comment this is.",
)
@click.option(
    "--pull-request",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="The pull or merge request.  [default: the pipeline's own]",
)
@click.option(
    "--plan",
    "plan_file",
    type=_PLAN,
    help="The saved plan that the text shows, if there is one: its digest becomes the last line, "
    "for `reviewed`.",
)
@click.option("--merged", is_flag=True, help="The one whose merge made the pipeline's commit.")
@click.option("--update-only", is_flag=True, help="Update a comment that is there; make none.")
@output_option
@click.pass_obj
def comment(
    console: Console,
    *,
    body: IO[bytes],
    key: str,
    pull_request: int | None,
    merged: bool,
    plan_file: Path | None,
    update_only: bool,
    output: str,
) -> int:
    """Make the text the one comment with its key on a pull or merge request.

    With --merged, a commit that came without one has nowhere to comment, which is no error.
    """
    console.json = output == "json"
    from reconciler.forges import Deed, Draft, Patience, Published, upsert
    from reconciler.workflows import Exit, Stop, read_saved
    from reconciler.workflows.pipelines import pipeline
    from reconciler.workflows.reviewing import statement

    text = _text(body)
    # Planning may have failed: then the comment says why, and names no plan for the merge.
    if plan_file is not None and plan_file.exists():
        text = f"{text.rstrip()}\n\n{statement(read_saved(plan_file).document['digest'])}"
    with pipeline(os.environ, Patience(say=console.step)) as here:
        number = pull_request or (here.merged() if merged else here.pull_request)
        if number is None and not merged:
            raise Stop(
                Exit.USAGE,
                "this pipeline is about no pull request",
                help=("say which one: --pull-request NUMBER",),
            )
        done = Published(deed=Deed.ABSENT)
        if number is not None:
            place = here.forge.comments(number)
            done = upsert(place, key, Draft(body=text), create=not update_only)
    _tell(console, done, "comment")
    return 0


@publish.command()
@click.option("--title", required=True, metavar="TITLE", help="The title of the issue.")
@_body
@click.option(
    "--key",
    default="drift",
    show_default=True,
    metavar="KEY",
    callback=key_of,
    help="Which issue this is.",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="LABEL",
    help="A label for a new issue; repeatable.",
)
@click.option("--close", "closes", is_flag=True, help="Close it, with the text as a comment.")
@output_option
@click.pass_obj
def issue(
    console: Console,
    *,
    title: str,
    body: IO[bytes],
    key: str,
    labels: tuple[str, ...],
    closes: bool,
    output: str,
) -> int:
    """Open, update or close the one open issue with its key."""
    console.json = output == "json"
    from reconciler.forges import Draft, Patience, close, upsert
    from reconciler.workflows.pipelines import pipeline

    text = _text(body)
    with pipeline(os.environ, Patience(say=console.step)) as here:
        place = here.forge.issues()
        draft = Draft(body=text, title=title, labels=labels)
        done = close(place, key, text) if closes else upsert(place, key, draft)
    _tell(console, done, "issue")
    return 0


def _words_of(
    _context: click.Context, _parameter: click.Parameter, value: str
) -> "frozenset[FailOn]":
    from reconciler.workflows.tallying import FailOn

    words = value.replace(",", " ").split()
    for word in words:
        if word not in tuple(FailOn):
            raise click.BadParameter(f"`{word}` is none of {', '.join(FailOn)}")
    return frozenset(map(FailOn, words))


@publish.command(short_help="Print what a result comes to, as NAME=VALUE lines.")
@click.argument("result", type=click.File("rb", lazy=True))
@click.option(
    "--exit-code",
    required=True,
    type=click.IntRange(0, 255),
    metavar="CODE",
    help="How the command ended.",
)
@click.option(
    "--fail-on",
    metavar="WORDS",
    default="error,refused",
    show_default=True,
    callback=_words_of,
    help="What makes the job fail: error, refused, pending, changes, drift; none when empty.",
)
@click.option(
    "--dotenv", is_flag=True, help="As variables (RECONCILER_…), as GitLab's reports take them."
)
@click.pass_obj
def outputs(
    console: Console,
    *,
    result: IO[bytes],
    exit_code: int,
    fail_on: "frozenset[FailOn]",
    dotenv: bool,
) -> int:
    """Print what RESULT, the JSON of a command that ended with CODE, comes to: NAME=VALUE lines.

    For `$GITHUB_OUTPUT`: exit-code, failed (whether the job is to fail), has-changes, digest, and
    the counts create, update, replace, delete, refused, drifted, applied, pending.
    """
    from reconciler.workflows.tallying import tally

    found = tally(result.read(_MOST * 8).decode("utf-8", "replace"), exit_code, fail_on)
    for name, value in found.values().items():
        shown = f"RECONCILER_{name.replace('-', '_').upper()}" if dotenv else name
        console.data(f"{shown}={value}")
    return 0


def _text(file: IO[bytes]) -> str:
    from reconciler.workflows import Exit, Stop

    data = file.read(_MOST + 1)
    if len(data) > _MOST:
        raise Stop(Exit.FAILED, "the text is too large to publish")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Stop(Exit.FAILED, "the text to publish is not UTF-8") from None


def _tell(console: Console, done: "Published", what: str) -> None:
    console.made = True
    if console.json:
        console.value(
            {
                "format": "reconciler.published/v1",
                "deed": done.deed.value,
                "number": done.number,
                "url": done.url,
            }
        )
    else:
        console.data(printable(f"{what} {done.deed}" + (f": {done.url}" if done.url else "")))
