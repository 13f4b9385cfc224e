"""`reconciler state pull`, `push` and `migrate`: the whole state, carried from place to place."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.console import Console
from reconciler.cli.offline import offline_context
from reconciler.cli.options import files_option, lock_option, output_option, workspace_option
from reconciler.diagnostics import json_for_terminals, printable

if TYPE_CHECKING:
    from datetime import timedelta

    from reconciler.workflows import Carried


@click.command(short_help="Print the whole state as JSON, decrypted.")
@files_option
@workspace_option
@click.pass_obj
def pull(console: Console, *, files: tuple[Path, ...], workspace: str | None) -> int:
    """Print the whole state as JSON, decrypted, with what an interrupted run left folded in."""
    context = offline_context(console, files, workspace, "text")
    from reconciler.workflows import as_stops, pull_state

    with as_stops():
        console.exactly(json_for_terminals(pull_state(context)))
    return 0


@click.command(short_help="Put the state in FILE in the place of the present one.")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--allow",
    multiple=True,
    metavar="GATE",
    type=click.Choice(["older-serial", "other-lineage", "altered"]),
    help="Push it although its serial is older (older-serial), it didn't grow out of the state "
    "that is there (other-lineage), or it was edited (altered).",
)
@files_option
@workspace_option
@output_option
@lock_option
@click.pass_obj
def push(
    console: Console,
    *,
    file: Path,
    allow: tuple[str, ...],
    files: tuple[Path, ...],
    workspace: str | None,
    output: str,
    lock_timeout: "timedelta | None",
) -> int:
    """Put the state in FILE (`-` for stdin), as `state pull` gives it, in the place of the present.

    It must be of this workspace, whole, of the same lineage, and not older.
    """
    context = offline_context(console, files, workspace, output, lock_timeout)
    from reconciler.workflows import as_stops, push_state, read_state_text

    with as_stops():
        text = read_state_text(file)
        carried = push_state(context, text, name=str(file), allow=frozenset(allow))
    return _say_carried(console, carried)


@click.command(short_help="Move the state to where the manifests say that it is.")
@click.option(
    "--from",
    "place",
    required=True,
    metavar="PLACE",
    help="Where the state was before: a path, or a URL as in `spec.state.url`, with the "
    "credentials that its own tools find in the environment.",
)
@files_option
@workspace_option
@output_option
@lock_option
@click.pass_obj
def migrate(
    console: Console,
    *,
    place: str,
    files: tuple[Path, ...],
    workspace: str | None,
    output: str,
    lock_timeout: "timedelta | None",
) -> int:
    """Move the state from PLACE to where the manifests say that it is.

    Both are locked, the copy is read back, and what stays at PLACE only tells where it went. A
    session that is kept beside the state moves after it. Doing it twice does no harm.
    """
    context = offline_context(console, files, workspace, output, lock_timeout)
    from reconciler.workflows import as_stops, migrate_state

    with as_stops():
        carried = migrate_state(context, place)
    return _say_carried(console, carried)


def _say_carried(console: Console, carried: "Carried") -> int:
    from reconciler.views import carried_json

    state, source, target = carried.state, carried.source, carried.target
    console.made = carried.written
    if console.json:
        console.value(carried_json(state, source=source, target=target, written=carried.written))
    elif carried.written:
        resources = f"{len(state.entries)} resource{'s' if len(state.entries) != 1 else ''}"
        console.data(printable(f"{source} → {target}: {resources}, serial {state.serial}"))
    else:
        console.data(printable(f"{target} has it already; nothing was written"))
    return 0
