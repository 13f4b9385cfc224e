"""`reconciler callbacks`: what an OAuth app or an authorization server must allow."""

from pathlib import Path
from typing import Any

import click

from reconciler.cli.console import Console
from reconciler.cli.options import (
    RunFlags,
    files_option,
    output_option,
    read_context,
    run_options,
    workspace_option,
)
from reconciler.diagnostics import printable


@click.command()
@click.option("--region", type=click.Choice(["us", "eu"]), help="Only those of one region.")
@click.option(
    "--live", is_flag=True, help="Ask the workspace of the manifests which ones it uses itself."
)
@files_option
@workspace_option
@output_option
@run_options
@click.pass_obj
def callbacks(
    console: Console,
    *,
    region: str | None,
    live: bool,
    files: tuple[Path, ...],
    workspace: str | None,
    output: str,
    flags: RunFlags,
) -> int:
    """Print the redirect URIs that an OAuth app or an authorization server must allow.

    For `static-oauth`, give the one of your workspace's region to the app that you create; for
    `automatic`, whoever runs the server's authorization server allows all of them. With --live
    the workspace is asked, which is what counts; it says so when it uses another address than
    those that are documented.
    """
    console.json = output == "json"
    if region is not None and live:
        raise click.UsageError("--region is about the documented addresses: leave it out")
    if files and not live:
        raise click.UsageError("manifests are read for --live only")
    from reconciler.providers.dust import callbacks as documented

    tables = documented(region)
    found = _asked(console, files, workspace, flags, tables) if live else None
    if console.json:
        regions = {} if found else tables
        document = {"format": "reconciler.callbacks/v1", "regions": regions, "workspace": found}
        console.value(document)
    elif found:
        for mode, address in found["redirectUris"].items():
            console.data(printable(f"{found['name']}  {mode:<12}  {address}") + "\n")
    else:
        for name, modes in tables.items():
            for mode, addresses in modes.items():
                for address in addresses:
                    console.data(f"{name}  {mode:<12}  {address}\n")
    return 0


def _asked(
    console: Console,
    files: tuple[Path, ...],
    workspace: str | None,
    flags: RunFlags,
    tables: dict[str, dict[str, list[str]]],
) -> dict[str, Any]:
    context = read_context(console, files, workspace, flags)
    from reconciler.workflows import as_stops

    with as_stops():
        reported = context.provider.callbacks(context.connection())
    known = {address for modes in tables.values() for each in modes.values() for address in each}
    is_documented = set(reported.values()) <= known
    if not is_documented:
        console.talk("this workspace uses other addresses than those that are documented")
    return {
        "name": context.desired.workspace.name,
        "url": context.url,
        "redirectUris": dict(reported),
        "documented": is_documented,
    }
