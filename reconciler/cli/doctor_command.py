"""`reconciler doctor`: is everything there that a run needs?"""

from dataclasses import replace
from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.options import (
    RunFlags,
    files_option,
    output_option,
    paths_of,
    run_with,
    workspace_option,
)


@click.command()
@files_option
@workspace_option
@output_option
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    default=10,
    show_default=True,
    help="How long one HTTP exchange may take.",
)
@click.pass_obj
def doctor(
    console: Console,
    *,
    files: tuple[Path, ...],
    workspace: str | None,
    output: str,
    timeout: float,
) -> int:
    """Check what a run needs, and say what to do about what is missing.

    Looks at versions and extras, the manifests, the secrets that they refer to (never telling a
    value), the workspace's address and clock, the access token with its person's role, and the
    state. Nothing is written anywhere. Without manifests it checks what it can. Exits 1 when
    something failed; a warning is no failure.
    """
    console.json = output == "json"
    console.step("checking")
    from reconciler.views import checkup_json, checkup_text, healthy
    from reconciler.workflows.doctor import check_up

    flags = RunFlags(timeout=timeout, parallelism=4, allow=frozenset())
    options = replace(run_with(console, flags), attempts=1)
    checks = check_up(paths_of(files), workspace, options)
    if console.json:
        console.value(checkup_json(checks))
    else:
        console.data(checkup_text(checks, console.out, console.width))
    return 0 if healthy(checks) else 1
