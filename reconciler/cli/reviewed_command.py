"""`reconciler reviewed`: the plan that a merge applies."""

import os
from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.options import output_option
from reconciler.cli.publish_command import key_of
from reconciler.diagnostics import printable


def _commit_of(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> str | None:
    from reconciler.workflows.pipelines import commit_of

    if value is not None and commit_of(value) is None:
        raise click.BadParameter("expected the whole hash of a commit")
    return value


@click.command()
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the plan.",
)
@click.option(
    "--commit",
    metavar="SHA",
    callback=_commit_of,
    help="The merge's commit.  [default: the pipeline's own]",
)
@click.option(
    "--key",
    default="plan",
    show_default=True,
    metavar="KEY",
    callback=key_of,
    help="Which comment showed it.",
)
@click.option(
    "--artifact",
    default="reconciler-plan",
    show_default=True,
    metavar="NAME",
    help="The artifact that holds it; on GitLab, the job.",
)
@click.option(
    "--path",
    default="reconciler.plan",
    show_default=True,
    metavar="PATH",
    help="The file in the artifact.",
)
@output_option
@click.pass_obj
def reviewed(
    console: Console,
    *,
    out: Path,
    commit: str | None,
    key: str,
    artifact: str,
    path: str,
    output: str,
) -> int:
    """Fetch the plan that was reviewed with the pull request whose merge made a commit.

    It counts when the comment on the pull request named its digest at the time of the merge.
    Exits 1 when there was no review, 5 when the plan that was reviewed isn't there.
    """
    console.json = output == "json"
    from reconciler.forges import Patience
    from reconciler.workflows import Exit, Stop, write_plan
    from reconciler.workflows.pipelines import pipeline
    from reconciler.workflows.reviewing import reviewed_plan

    with pipeline(os.environ, Patience(say=console.step)) as here:
        wanted = commit or here.commit
        if wanted is None:
            raise Stop(Exit.USAGE, "no commit is known", help=("say which one: --commit SHA",))
        found = reviewed_plan(here.forge, wanted, key=key, artifact=artifact, path=path)
    write_plan(found.plan.document, out)
    if console.json:
        console.value(
            {
                "format": "reconciler.reviewed/v1",
                "plan": str(out),
                "digest": found.digest,
                "pullRequest": found.merged.number,
                "url": found.merged.url,
                "head": found.merged.head,
            }
        )
    else:
        console.data(
            printable(f"{found.digest} was reviewed in {found.merged.url}; it is in {out}")
        )
    return 0
