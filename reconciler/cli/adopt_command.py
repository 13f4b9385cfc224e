"""`reconciler adopt`: own what exists."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.completing import adoptable_addresses
from reconciler.cli.console import Console
from reconciler.cli.options import (
    RunFlags,
    files_option,
    lock_option,
    output_option,
    read_context,
    run_options,
    workspace_option,
)

if TYPE_CHECKING:
    from datetime import timedelta


@click.command()
@click.argument(
    "claims",
    metavar="[ADDRESS=REMOTE-ID]...",
    nargs=-1,
    shell_complete=adoptable_addresses,
)
@click.option("--all", "every", is_flag=True, help="Every manifest finds its object, or none is.")
@click.option("--matching", is_flag=True, help="Manifests that find their object; leave the rest.")
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit 2 when the plan isn't empty afterwards."
)
@files_option
@workspace_option
@output_option
@lock_option
@run_options
@click.pass_obj
def adopt(
    console: Console,
    *,
    claims: tuple[str, ...],
    every: bool,
    matching: bool,
    detailed_exitcode: bool,
    files: tuple[Path, ...],
    workspace: str | None,
    output: str,
    lock_timeout: "timedelta | None",
    flags: RunFlags,
) -> int:
    """Take ownership of live objects that manifests describe, and touch nothing in the workspace.

    A space is found by its name, a server by its URL and name; REMOTE-ID says which one it is
    where that isn't enough. Then it plans, and says that the plan is empty or what would differ.

    Nothing tells whether the state of another repository owns the object, too: two owners undo
    each other's changes. Exits 1 when something can't be adopted, and then nothing is.
    """
    console.json = output == "json"
    if every and matching:
        raise click.UsageError("give --all or --matching, not both")
    if not (claims or every or matching):
        raise click.UsageError("say what to adopt: ADDRESS=REMOTE-ID, --all or --matching")
    context = read_context(console, files, workspace, flags.waiting(lock_timeout))
    from reconciler.views import AdoptionView, adoption_json, adoption_text, plan_text
    from reconciler.workflows import Matching, adopt_objects, as_stops

    mode = Matching.ALL if every else Matching.SOME if matching else Matching.NONE
    with as_stops():
        done = adopt_objects(context, claims, matching=mode)
    console.made = bool(done.adoption.adopted)
    plan = done.planned.plan
    view = AdoptionView(
        adopted=done.adoption.adopted,
        kept=done.adoption.kept,
        unmatched=done.adoption.unmatched,
        unseen=done.unseen,
        plan=plan,
    )
    if console.json:
        console.value(adoption_json(view))
    else:
        console.data(adoption_text(view, console.out))
        if plan.changes:
            console.data("\n" + plan_text(done.planned.view(), console.out))
    return 2 if detailed_exitcode and plan.changes else 0
