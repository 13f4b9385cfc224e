"""`reconciler export`: manifests for what a workspace holds."""

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.console import Console
from reconciler.cli.options import (
    RunFlags,
    files_option,
    output_option,
    paths_of,
    read_context,
    run_options,
    run_with,
    workspace_option,
)

if TYPE_CHECKING:
    from reconciler.workflows import Context, Exported

_TOKEN = "DUST_ACCESS_TOKEN"  # noqa: S105 - a variable's name


@click.command()
@click.option(
    "-o",
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("manifests"),
    show_default=True,
    help="Where to write.",
)
@click.option(
    "--by",
    type=click.Choice(["resource", "space"]),
    default="resource",
    show_default=True,
    help="What shares a file: nothing, or a space and the servers that show in it alone.",
)
@click.option("--overwrite", is_flag=True, help="Replace files that exist.")
@click.option(
    "--workspace-id",
    metavar="ID",
    help="Begin from nothing: the id in the workspace's address, after /w/.",
)
@click.option(
    "--name",
    metavar="NAME",
    default="main",
    show_default=True,
    help="What to call that workspace.",
)
@click.option("--region", type=click.Choice(["us", "eu"]), help="Where Dust hosts it.")
@click.option("--url", metavar="URL", help="Instead of --region: a sandbox or a proxy.")
@click.option(
    "--token-env",
    metavar="NAME",
    help=f"The variable with the access token. Default: {_TOKEN} if that is set, else whoever is "
    "signed in.",
)
@files_option
@workspace_option
@output_option
@run_options
@click.pass_obj
def export(
    console: Console,
    *,
    folder: Path,
    by: str,
    overwrite: bool,
    workspace_id: str | None,
    name: str,
    region: str | None,
    url: str | None,
    token_env: str | None,
    files: tuple[Path, ...],
    workspace: str | None,
    output: str,
    flags: RunFlags,
) -> int:
    """Write manifests for the spaces and servers of a workspace, and touch nothing there.

    With --workspace-id a Workspace manifest is written, too. Without it, the manifests at --file
    say which workspace, and what they or the state have already is left out. What can't be read
    back (tokens, header values, OAuth apps) becomes a reference or a comment. `adopt` comes next.
    """
    console.json = output == "json"
    if workspace_id is None and (region or url or token_env):
        raise click.UsageError("--region, --url and --token-env go with --workspace-id")
    if region and url:
        raise click.UsageError("give --region or --url, not both")
    fresh = workspace_id is not None
    context: Context
    if workspace_id is None:
        context = read_context(console, files, workspace, flags)
    else:
        console.step("reading the workspace")
        from reconciler.workflows import open_workspace

        context = open_workspace(
            workspace_id=workspace_id,
            name=name,
            region=region,
            url=url,
            token_variable=token_env or (_TOKEN if os.environ.get(_TOKEN) else None),
            folder=folder,
            options=run_with(console, flags),
        )
    from reconciler.workflows import Grouping, as_stops, export_workspace

    with as_stops():
        done = export_workspace(
            context,
            folder,
            grouping=Grouping(by),
            fresh=fresh,
            overwrite=overwrite,
            beside=() if fresh else paths_of(files),
        )
    console.made = True
    if console.json:
        console.value(_document(done))
    else:
        _tell(console, done, folder, fresh=fresh, files=paths_of(files))
    return 0


def _document(done: "Exported") -> dict[str, Any]:
    made = done.export
    return {
        "format": "reconciler.export/v1",
        "files": [str(path) for path in done.files],
        "resources": [
            {"address": str(address), "remoteId": live.remote_id, "title": live.title}
            for address, live in sorted(made.objects.items())
        ],
        "secrets": list(made.secrets),
        "leftOut": [
            {
                "kind": each.live.kind,
                "remoteId": each.live.remote_id,
                "title": each.live.title,
                "why": each.why,
            }
            for each in made.left_out
        ],
        "builtIn": list(done.snapshot.built_in),
        "managedAlready": done.skipped,
    }


def _tell(
    console: Console, done: "Exported", folder: Path, *, fresh: bool, files: tuple[Path, ...]
) -> None:
    from reconciler.diagnostics import count, printable

    made = done.export
    resources, written = count(len(made.objects), "resource"), count(len(done.files), "file")
    console.data(
        f"{console.out.added('exported')} {resources} to {written} in {printable(str(folder))}"
    )
    left = [f"{count(len(done.snapshot.built_in), 'built-in server')} and the special spaces"]
    left += [f"{done.skipped} managed already"] * bool(done.skipped)
    console.data(f"left alone: {', '.join(left)}")
    for each in made.left_out:
        what = f"{each.live.kind} {each.live.remote_id} ({each.live.title})"
        console.data(f"left out: {printable(what)}: {printable(each.why)}")
    if made.secrets:
        console.data(f"secrets to provide: {printable(', '.join(made.secrets))}")
    sources = [folder] if fresh else [*files, folder]
    paths = " ".join(f"-f {shlex.quote(str(path))}" for path in dict.fromkeys(sources))
    exact = "".join(f" {shlex.quote(f'{a}={made.objects[a].remote_id}')}" for a in made.nameless)
    console.talk(
        f"\nnext: look at them, then own what they describe (nothing is written there):\n"
        f"  {printable(f'reconciler adopt {paths} --all{exact}')}"
    )
