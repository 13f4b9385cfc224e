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
    """Check the manifests, without any workspace. All faults of all files are reported at once.

    Exits 1 when there is an error, 4 when a rule of the workspace's policy denies a resource.
    """
    from reconciler.diagnostics import Diagnostics, count
    from reconciler.manifests import load

    console.json = output == "json"
    loaded = load(paths_of(files), workspace=workspace)
    denied = Diagnostics()
    if loaded.desired is not None and loaded.desired.workspace.spec.policy:
        from reconciler.policy import compile_policy, offences

        rules = compile_policy(loaded.desired.workspace.spec.policy)
        denied = offences(loaded.desired, rules, loaded.locator)
    console.diagnostics(loaded.diagnostics + denied)
    if loaded.desired is None:
        if not console.json:
            errors = count(len(loaded.diagnostics.errors), "error")
            console.error(f"{errors} in {count(len(loaded.files), 'file')}")
            console.more_about(loaded.diagnostics)
        return 1
    if denied.errors:
        if not console.json:
            found = len({item.address for item in denied.errors})
            console.error(f"the policy denies {count(found, 'resource')}")
        return 4
    if not console.json:
        resources = count(len(loaded.desired.resources), "resource")
        where = count(len(loaded.files), "file")
        name = loaded.desired.workspace.name
        console.data(f"{console.out.added('valid')}: {resources} of {name} in {where}")
    return 0
