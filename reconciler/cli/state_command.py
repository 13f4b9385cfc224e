"""`reconciler state`, `forget`, `unlock`: look at what is owned, rename it, give it up, free it."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.carrying import migrate, pull, push
from reconciler.cli.completing import owned_addresses
from reconciler.cli.console import Console
from reconciler.cli.offline import offline_context
from reconciler.cli.options import files_option, lock_option, output_option, workspace_option
from reconciler.diagnostics import json_for_terminals, printable

if TYPE_CHECKING:
    from datetime import timedelta


@click.group()
def state() -> None:
    """Look at what the state owns, or change that there. The workspace isn't asked."""


@state.command("list")
@files_option
@workspace_option
@output_option
@click.pass_obj
def list_(console: Console, files: tuple[Path, ...], workspace: str | None, output: str) -> int:
    """List everything that is owned."""
    context = offline_context(console, files, workspace, output)
    from reconciler.views import owned_json, owned_text
    from reconciler.workflows import as_stops

    with as_stops():
        found = context.store.load()
    if console.json:
        console.value(owned_json(found))
    else:
        console.data(owned_text(found, console.out))
    return 0


@state.command(short_help="Show what is remembered of one resource.")
@click.argument("address", shell_complete=owned_addresses)
@files_option
@workspace_option
@output_option
@click.pass_obj
def show(
    console: Console, address: str, files: tuple[Path, ...], workspace: str | None, output: str
) -> int:
    """Show what is remembered of one resource; never a secret, nor its fingerprint."""
    context = offline_context(console, files, workspace, output)
    from reconciler.views import entry_json
    from reconciler.workflows import as_stops, owned_at

    with as_stops():
        found, entry = owned_at(context, address)
    shown = entry_json(found, entry)
    if console.json:
        console.value({"format": "reconciler.remembered/v1", **shown})
    else:
        console.data("\n".join(f"{k}: {_plain(v)}" for k, v in shown.items()))
    return 0


@state.command(short_help="Give what OLD owns to NEW.")
@click.argument("old", shell_complete=owned_addresses)
@click.argument("new")
@files_option
@workspace_option
@output_option
@lock_option
@click.pass_obj
def mv(
    console: Console,
    *,
    old: str,
    new: str,
    files: tuple[Path, ...],
    workspace: str | None,
    output: str,
    lock_timeout: "timedelta | None",
) -> int:
    """Give what OLD owns to NEW, which owns nothing yet; the object itself stays as it is.

    In a pipeline, `metadata.previously` in the manifest does the same at the next apply.
    """
    context = offline_context(console, files, workspace, output, lock_timeout)
    from reconciler.workflows import as_stops, move_address

    with as_stops():
        entry = move_address(context, old, new)
    console.made = True
    if console.json:
        moved = {"from": old, "to": new, "remoteId": entry.remote_id}
        console.value({"format": "reconciler.ownership/v1", "moved": [moved], "forgotten": []})
    else:
        console.data(f"{old} is now {new} ({printable(entry.remote_id)})")
    return 0


@state.command(short_help="Accept a state file that was edited by hand.")
@click.option("-y", "--yes", is_flag=True, help="Don't ask before writing.")
@files_option
@workspace_option
@output_option
@click.pass_obj
def accept(
    console: Console, *, yes: bool, files: tuple[Path, ...], workspace: str | None, output: str
) -> int:
    """Accept a state file that was edited by hand, and show what it says is owned.

    A state that something else changed is refused, for it decides what may be deleted. Restoring
    it is better; this is for an edit that is meant.
    """
    context = offline_context(console, files, workspace, output)
    from reconciler.views import owned_json, owned_text
    from reconciler.workflows import Exit, Stop, accept_state, as_stops

    with as_stops():
        found = context.store.load(sealed=False)
        if not console.json:
            console.data(owned_text(found, console.out))
        if not yes and (console.json or not sys.stdin.isatty()):
            raise Stop(
                Exit.USAGE, "nobody is there to accept the state", help=("say --yes to accept it",)
            )
        if not (yes or click.confirm("Accept this state?", err=True)):
            console.talk("nothing was written")
            return int(Exit.FAILED)
        accepted = accept_state(context, found)
    console.made = accepted is not None
    if console.json:
        console.value(owned_json(accepted or found))
    else:
        console.talk("accepted" if accepted else "nobody had changed it; nothing was written")
    return 0


for _command in (pull, push, migrate):
    state.add_command(_command)


@click.command()
@click.argument(
    "addresses",
    metavar="ADDRESS...",
    nargs=-1,
    required=True,
    shell_complete=owned_addresses,
)
@files_option
@workspace_option
@output_option
@lock_option
@click.pass_obj
def forget(
    console: Console,
    *,
    addresses: tuple[str, ...],
    files: tuple[Path, ...],
    workspace: str | None,
    output: str,
    lock_timeout: "timedelta | None",
) -> int:
    """Own what is at ADDRESS no longer; the object stays in the workspace, untouched."""
    context = offline_context(console, files, workspace, output, lock_timeout)
    from reconciler.workflows import as_stops, forget_addresses

    with as_stops():
        gone = forget_addresses(context, addresses)
    console.made = True
    if console.json:
        forgotten = [
            {"address": str(a), "remoteIds": [] if e is None else [e.remote_id, *e.deposed]}
            for a, e in gone.items()
        ]
        document = {"format": "reconciler.ownership/v1", "moved": [], "forgotten": forgotten}
        console.value(document)
        return 0
    for address, entry in gone.items():
        ids = (
            "" if entry is None else f" ({printable(', '.join((entry.remote_id, *entry.deposed)))})"
        )
        console.data(f"forgot {address}{ids}")
        if address in context.desired.resources:
            console.talk(
                f"  = note: a manifest still describes {address}: the next apply would make it "
                "anew; take the manifest out, or adopt the object again"
            )
    return 0


@click.command()
@click.argument("owner")
@files_option
@workspace_option
@output_option
@click.pass_obj
def unlock(
    console: Console, owner: str, files: tuple[Path, ...], workspace: str | None, output: str
) -> int:
    """Take the state from the run of OWNER, which died on another machine.

    OWNER is its name as exit code 7 tells it: user@host:pid. With the state in a file, the lock of
    a run that died on this machine is free already, and one that still lives here is never taken
    away: end it first. A run elsewhere that lives after all stops before its next write.
    """
    context = offline_context(console, files, workspace, output)
    from reconciler.workflows import as_stops, holder_json, unlock_state

    with as_stops():
        lease = unlock_state(context, owner)
    console.made = lease is not None
    if console.json:
        unlocked = None if lease is None else holder_json(lease)
        console.value({"format": "reconciler.unlocked/v1", "unlocked": unlocked})
    elif lease is None:
        console.data("the state isn't locked")
    else:
        console.data(f"unlocked: it was held by {printable(lease.text)}")
    return 0


def _plain(value: object) -> str:
    if isinstance(value, str):
        return printable(value)
    return json_for_terminals(json.dumps(value, indent=2, ensure_ascii=False))
