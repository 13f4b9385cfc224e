"""`reconciler connect`: finish the sign-ins that servers wait for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.completing import waiting_addresses
from reconciler.cli.console import Console
from reconciler.cli.options import (
    RunFlags,
    files_option,
    graceful_stop,
    lock_option,
    output_option,
    read_context,
    run_options,
    workspace_option,
)

if TYPE_CHECKING:
    from datetime import timedelta


@click.command()
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1, shell_complete=waiting_addresses)
@files_option
@workspace_option
@output_option
@lock_option
@run_options
@click.option("--no-browser", is_flag=True, help="Print the addresses, and open nothing.")
@click.option(
    "--deadline",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    default=600,
    show_default=True,
    help="How long to wait for each sign-in.",
)
@click.pass_obj
def connect(
    console: Console,
    *,
    addresses: tuple[str, ...],
    files: tuple[Path, ...],
    workspace: str | None,
    output: str,
    no_browser: bool,
    deadline: float,
    lock_timeout: "timedelta | None",
    flags: RunFlags,
) -> int:
    """Finish the sign-ins that servers wait for, all or those at ADDRESS (MCPServer/name).

    Opens the browser for each, and waits until the platform has seen the sign-in. Where the
    platform finishes it only for the session that began it, paste the address of the page that
    the browser landed on. A sign-in belongs to the person whose access token is used.
    """
    from reconciler.cli.person import AtTheKeyboard
    from reconciler.cli.progress import PlainProgress
    from reconciler.views import report_json, report_text
    from reconciler.workflows import as_stops, exit_code
    from reconciler.workflows import connect as connect_workflow

    console.json = output == "json"
    context = read_context(console, files, workspace, flags.waiting(lock_timeout))
    stop = context.options.stop

    @contextmanager
    def during() -> Iterator[None]:
        with graceful_stop(console, stop):
            yield

    person = AtTheKeyboard(console, stop, browser=not no_browser, deadline=deadline)
    with as_stops():
        applied = connect_workflow(
            context, addresses, person=person, listener=PlainProgress(console), during=during
        )
    assert applied.report is not None
    console.made = bool(applied.report.touched)
    if console.json:
        console.value(report_json(applied.report))
    else:
        console.data(report_text(applied.report, console.out))
    return int(exit_code(applied.report))
