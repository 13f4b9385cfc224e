"""`reconciler plan`, `drift` and `show`: look, and touch nothing."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from reconciler.cli.console import Console
from reconciler.cli.options import (
    RunFlags,
    files_option,
    lifetime_of,
    output_option,
    read_context,
    run_options,
    scope_options,
    workspace_option,
)
from reconciler.cli.reports import Reports, report_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.workflows import Planned

_detailed = click.option(
    "--detailed-exitcode", is_flag=True, help="Exit 2 when there is something to do."
)


@click.command()
@files_option
@workspace_option
@output_option
@run_options
@scope_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the plan to a file, for `show` and `apply`.",
)
@click.option(
    "--expires",
    metavar="TIME",
    callback=lifetime_of,
    help="How long the plan may be applied: 90m, 24h, 2w; at most 90 days.  [default: 7d]",
)
@click.option("--destroy", is_flag=True, help="Plan to delete everything that the state owns.")
@_detailed
@report_options
@click.pass_obj
def plan(
    console: Console,
    *,
    files: tuple[Path, ...],
    workspace: str | None,
    output: str,
    out: Path | None,
    expires: timedelta | None,
    destroy: bool,
    detailed_exitcode: bool,
    flags: RunFlags,
    reports: Reports,
) -> int:
    """Show what apply would do, and write nothing to the workspace.

    Exits 4 when a change would be refused, 2 with --detailed-exitcode when there are changes.
    """
    console.json = output == "json"
    mode: Literal["apply", "destroy"] = "destroy" if destroy else "apply"
    with reports.covering(console, "Plan"):
        planned = _plan(console, files, workspace, flags, mode=mode, expires=expires)
        from reconciler.views import plan_text
        from reconciler.workflows import life_text, review_planned, write_plan

        # Made once: fingerprints in it have random salts, and what is printed is what is written.
        document: Mapping[str, Any] = (
            planned.document() if out is not None or console.json or reports.documented else {}
        )
        if out is not None:
            write_plan(document, out)
            console.step(f"plan written to {out}; {life_text(document['basis'])}")
        if console.json:
            console.value(document)
        elif not reports.to_stdout:
            console.data(plan_text(planned.view(), console.out))
        reports.write(console, lambda: review_planned(planned, document))
    if planned.plan.refused:
        return 4
    return 2 if detailed_exitcode and planned.plan.changes else 0


@click.command()
@files_option
@workspace_option
@output_option
@run_options
@scope_options
@_detailed
@report_options
@click.pass_obj
def drift(
    console: Console,
    *,
    files: tuple[Path, ...],
    workspace: str | None,
    output: str,
    detailed_exitcode: bool,
    flags: RunFlags,
    reports: Reports,
) -> int:
    """Show what others changed in the workspace since the last apply, apart from edits of yours.

    Exits 2 with --detailed-exitcode when there is drift, 4 when a list of the workspace isn't
    believed.
    """
    console.json = output == "json"
    with reports.covering(console, "Drift"):
        planned = _plan(console, files, workspace, flags, mode="apply")
        from reconciler.diagnostics import as_json
        from reconciler.planning import change_json, partial_json
        from reconciler.resources import Gate
        from reconciler.workflows import review_drift

        drifted = planned.plan.drifted
        document = {
            "format": "reconciler.drift/v1",
            "changes": [change_json(change) for change in drifted],
            "warnings": [as_json(warning) for warning in planned.plan.warnings],
            "partial": partial_json(planned.plan.partial),
        }
        if console.json:
            console.value(document)
        elif not reports.to_stdout:
            console.data(_drift_text(planned, console))
        reports.write(console, lambda: review_drift(planned, drifted, document))
    unread = (Gate.INCOMPLETE_READ, Gate.SUSPICIOUS_READ)
    if any(change.refusal and change.refusal.gate in unread for change in drifted):
        return 4
    return 2 if detailed_exitcode and drifted else 0


def _drift_text(planned: "Planned", console: Console) -> str:
    from reconciler.diagnostics import render_text
    from reconciler.views import no_drift_line, plan_text

    drifted = planned.plan.drifted
    if drifted:
        return plan_text(replace(planned.view(), changes=drifted, noun="Drift"), console.out)
    told = render_text(planned.plan.warnings, console.out)
    return told + no_drift_line(len(planned.plan.changes), console.out)


@click.command()
@click.argument("plan_file", metavar="PLAN", type=click.Path(path_type=Path, dir_okay=False))
@output_option
@report_options
@click.pass_obj
def show(console: Console, plan_file: Path, output: str, reports: Reports) -> int:
    """Show a saved plan."""
    from reconciler.views import plan_text
    from reconciler.workflows import life_text, read_saved, review_saved, saved_view

    console.json = output == "json"
    with reports.covering(console, "Plan"):
        saved = read_saved(plan_file)
        if console.json:
            console.value(saved.document)
        else:
            console.step(life_text(saved.document["basis"]))
            if not reports.to_stdout:
                console.data(plan_text(saved_view(saved), console.out))
        reports.write(console, lambda: review_saved(saved))
    return 0


def _plan(
    console: Console,
    files: tuple[Path, ...],
    workspace: str | None,
    flags: RunFlags,
    *,
    mode: Literal["apply", "destroy"],
    expires: timedelta | None = None,
) -> "Planned":
    context = read_context(console, files, workspace, flags)
    if expires is not None:
        context = replace(context, options=replace(context.options, lifetime=expires))
    from reconciler.workflows import as_stops, make

    with as_stops():
        return make(context, context.connection(), mode=mode)
