"""`reconciler validate`: are the manifests right, all by themselves?"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.console import Console, diagnostics_document
from reconciler.cli.options import files_option, output_option, paths_of, workspace_option
from reconciler.cli.reports import Reports, report_options

if TYPE_CHECKING:
    from reconciler.diagnostics import Diagnostics
    from reconciler.manifests import Loaded
    from reconciler.views import Review


@click.command()
@files_option
@workspace_option
@output_option
@report_options
@click.pass_obj
def validate(
    console: Console,
    files: tuple[Path, ...],
    workspace: str | None,
    output: str,
    reports: Reports,
) -> int:
    """Check the manifests, without any workspace. All faults of all files are reported at once.

    Exits 1 when there is an error, 4 when a rule of the workspace's policy denies a resource.
    """
    console.json = output == "json"
    with reports.covering(console, "Manifests"):
        return _validate(console, files, workspace, reports)


def _validate(
    console: Console, files: tuple[Path, ...], workspace: str | None, reports: Reports
) -> int:
    from reconciler.diagnostics import Diagnostics, count
    from reconciler.manifests import load
    from reconciler.resources import Variables

    loaded = load(paths_of(files), workspace=workspace, variables=Variables.of(os.environ))
    denied = Diagnostics()
    if loaded.desired is not None and loaded.desired.workspace.spec.policy:
        from reconciler.policy import compile_policy, offences

        rules = compile_policy(loaded.desired.workspace.spec.policy)
        denied = offences(loaded.desired, rules, loaded.locator)
    found = loaded.diagnostics + denied
    console.diagnostics(found)
    where = count(len(loaded.files), "file")
    if loaded.desired is None:
        message = f"{count(len(found.errors), 'error')} in {where}"
        if not console.json:
            console.error(message)
            console.more_about(found)
        reports.tell_of(console, "Manifests", message, found, diagnostics_document(found))
        return 1
    reports.write(console, lambda: _reviewed(loaded, found))
    if denied.errors:
        if not console.json:
            offenders = len({item.address for item in denied.errors})
            console.error(f"the policy denies {count(offenders, 'resource')}")
        return 4
    if not console.json and not reports.to_stdout:
        resources = count(len(loaded.desired.resources), "resource")
        name = loaded.desired.workspace.name
        console.data(f"{console.out.added('valid')}: {resources} of {name} in {where}")
    return 0


def _reviewed(loaded: "Loaded", found: "Diagnostics") -> "Review":
    """The review of manifests that could be read."""
    from reconciler.workflows import review_loaded

    return review_loaded(loaded, found, diagnostics_document(found))
