"""`reconciler apply` and `destroy`: make it so."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from reconciler.cli.console import Console
from reconciler.cli.options import (
    RunFlags,
    files_option,
    graceful_stop,
    lock_option,
    output_option,
    paths_of,
    read_context,
    run_options,
    run_with,
    scope_options,
    workspace_option,
)
from reconciler.cli.reports import Reports, report_options

if TYPE_CHECKING:
    from datetime import timedelta

    from reconciler.planning import SavedPlan
    from reconciler.workflows import Approval, Context, Planned

_yes = click.option("-y", "--yes", is_flag=True, help="Don't ask before writing.")


@click.command()
@click.argument(
    "plan_file", metavar="[PLAN]", required=False, type=click.Path(path_type=Path, dir_okay=False)
)
@files_option
@workspace_option
@output_option
@lock_option
@run_options
@scope_options
@_yes
@report_options
@click.pass_obj
def apply(
    console: Console,
    *,
    plan_file: Path | None,
    files: tuple[Path, ...],
    workspace: str | None,
    output: str,
    yes: bool,
    lock_timeout: "timedelta | None",
    flags: RunFlags,
    reports: Reports,
) -> int:
    """Make the workspace match the manifests, or do what a saved PLAN says.

    A saved plan needs no manifests; with -f beside it they must not have changed since. It is
    refused with exit code 5 when what it touches has moved. A saved plan was reviewed, so it is
    applied without asking.
    """
    console.json = output == "json"
    with reports.covering(console, "Apply"):
        flags = flags.waiting(lock_timeout)
        if plan_file is None:
            context = read_context(console, files, workspace, flags)
            return _apply(console, context, mode="apply", saved=None, yes=yes, reports=reports)
        saved, context = _open(console, plan_file, files, workspace, flags)
        return _apply(console, context, mode=saved.mode, saved=saved, yes=True, reports=reports)


def _open(
    console: Console,
    plan_file: Path,
    files: tuple[Path, ...],
    workspace: str | None,
    flags: RunFlags,
) -> "tuple[SavedPlan, Context]":
    """The saved plan, and what it is applied with; raises Stop."""
    console.step(f"reading {plan_file}")
    from reconciler.planning import Scope
    from reconciler.workflows import Exit, Stop, as_stops, load_manifests, open_saved, read_saved

    with as_stops():
        if flags.targets or flags.excludes:
            raise Stop(
                Exit.USAGE,
                "--target and --exclude can't be given for a saved plan",
                help=("a plan is applied whole: `plan --target ADDRESS --out FILE`",),
            )
        if flags.allow:
            # What was refused in the plan was reviewed as refused.
            raise Stop(
                Exit.USAGE,
                "--allow can't be given for a saved plan",
                help=("a plan carries what it allows: `plan --allow GATE --out FILE`",),
            )
        saved = read_saved(plan_file)
        loaded = load_manifests(paths_of(files), workspace) if files else None
        options = replace(
            run_with(console, flags.allowing(saved.allow)),
            scope=saved.partial.scope if saved.partial else Scope(),
            reviewed=True,
        )
        return saved, open_saved(saved, options, loaded, files)


@click.command()
@files_option
@workspace_option
@output_option
@lock_option
@run_options
@scope_options
@_yes
@report_options
@click.pass_obj
def destroy(
    console: Console,
    *,
    files: tuple[Path, ...],
    workspace: str | None,
    output: str,
    yes: bool,
    lock_timeout: "timedelta | None",
    flags: RunFlags,
    reports: Reports,
) -> int:
    """Delete everything that the state owns; protected resources stay."""
    console.json = output == "json"
    with reports.covering(console, "Destroy"):
        context = read_context(console, files, workspace, flags.waiting(lock_timeout))
        return _apply(console, context, mode="destroy", saved=None, yes=yes, reports=reports)


def _apply(
    console: Console,
    context: "Context",
    *,
    mode: Literal["apply", "destroy"],
    saved: "SavedPlan | None",
    yes: bool,
    reports: Reports,
) -> int:
    from reconciler.cli.progress import progress
    from reconciler.views import report_json, report_text
    from reconciler.workflows import apply as apply_workflow
    from reconciler.workflows import as_stops, ending_of, exit_code

    listener = progress(console)

    @contextmanager
    def during() -> Iterator[None]:
        with graceful_stop(console, context.options.stop), listener:
            yield

    with as_stops():
        applied = apply_workflow(
            context,
            mode=mode,
            saved=saved,
            approve=_approval(console, yes=yes, quiet=saved is not None or reports.to_stdout),
            listener=listener,
            during=during,
        )
    noun = mode.capitalize()
    report = applied.report
    if report is None:
        console.talk("nothing was written")
        reports.tell_of(console, noun, "nothing was written: nobody approved the plan")
        return 1
    console.made = bool(report.touched)
    if console.json:
        console.value(report_json(report))
    elif not reports.to_stdout:
        console.data(report_text(report, console.out))
    reports.write_ending(console, lambda: ending_of(context, report, noun))
    return int(exit_code(report))


def _approval(console: Console, *, yes: bool, quiet: bool) -> "Callable[[Planned], Approval]":
    from reconciler.views import plan_text
    from reconciler.workflows import Approval, Exit, Stop

    def approve(planned: "Planned") -> Approval:
        if not console.json and not quiet:
            console.data(plan_text(planned.view(), console.out))
        if yes or not planned.plan.runnable:
            return Approval.UNASKED
        if console.json or not sys.stdin.isatty():
            raise Stop(
                Exit.USAGE,
                "nobody is there to approve the plan",
                help=("say --yes, or apply a plan that was saved with `plan --out FILE`",),
            )
        return Approval.YES if click.confirm("Apply this plan?", err=True) else Approval.NO

    return approve
