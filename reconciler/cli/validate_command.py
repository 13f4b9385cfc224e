"""`reconciler validate`: are the manifests right, all by themselves?"""

from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.options import files_option, output_option, paths_of, workspace_option


@click.command()
@files_option
@workspace_option
@output_option
@click.pass_obj
def validate(console: Console, files: tuple[Path, ...], workspace: str | None, output: str) -> int:
    """Check the manifests, without any workspace. All faults of all files are reported at once."""
    from reconciler.diagnostics import count
    from reconciler.manifests import load

    console.json = output == "json"
    loaded = load(paths_of(files), workspace=workspace)
    console.diagnostics(loaded.diagnostics)
    if loaded.desired is None:
        if not console.json:
            errors = count(len(loaded.diagnostics.errors), "error")
            console.error(f"{errors} in {count(len(loaded.files), 'file')}")
        return 1
    if not console.json:
        resources = count(len(loaded.desired.resources), "resource")
        where = count(len(loaded.files), "file")
        name = loaded.desired.workspace.name
        console.data(f"{console.out.added('valid')}: {resources} of {name} in {where}")
    return 0
