"""`reconciler init`: a commented starter."""

import shlex
from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.diagnostics import printable


@click.command()
@click.argument(
    "folder", default=Path(), type=click.Path(path_type=Path, file_okay=False), required=False
)
@click.option(
    "--name",
    metavar="NAME",
    default="main",
    show_default=True,
    help="What to call the workspace in manifests.",
)
@click.option(
    "--workspace-id",
    metavar="ID",
    default="0ec9852c2f",
    help="The id in the workspace's address, after /w/. Default: an example.",
)
@click.option(
    "--region",
    type=click.Choice(["us", "eu"]),
    default="us",
    show_default=True,
    help="Where Dust hosts it.",
)
@click.pass_obj
def init(console: Console, *, folder: Path, name: str, workspace_id: str, region: str) -> int:
    """Write a commented starter into FOLDER: workspace, a space, a server, a CI workflow.

    No file that exists is overwritten.
    """
    from reconciler.workflows.starter import write_starter

    written = write_starter(folder, name=name, workspace_id=workspace_id, region=region)
    console.made = True
    for path in written:
        console.data(printable(f"wrote {path}"))
    manifests = printable(shlex.quote(str(folder / "manifests")))
    console.talk(
        "\nnext: edit the manifests, set DUST_ACCESS_TOKEN (or take `credentials` out of\n"
        "workspace.yaml and sign in: reconciler login), then\n"
        f"  reconciler validate -f {manifests}\n"
        f"  reconciler plan -f {manifests}"
    )
    return 0
