"""`reconciler graph`: who sees which server, and what each may do, as a picture's source."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.console import Console
from reconciler.cli.options import files_option, paths_of, workspace_option

if TYPE_CHECKING:
    from reconciler.views.topology import Topology

_MERMAID_EDGES, _MERMAID_LETTERS = 500, 50_000  # the limits of Mermaid's default configuration


@click.command()
@files_option
@workspace_option
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A saved plan: draws what it changes. Else the manifests alone are drawn.",
)
@click.option(
    "--output",
    type=click.Choice(["mermaid", "dot", "json"]),
    default="mermaid",
    show_default=True,
    help="Which language the graph is printed in.",
)
@click.option("--before", "side", flag_value="before", help="The workspace as the plan saw it.")
@click.option("--after", "side", flag_value="after", help="The workspace as it is to be.")
@click.option("--diff", "side", flag_value="diff", help="Both in one.  [default with --plan]")
@click.pass_obj
def graph(
    console: Console,
    *,
    files: tuple[Path, ...],
    workspace: str | None,
    plan_file: Path | None,
    output: str,
    side: str | None,
) -> int:
    """Print the graph of spaces, servers and OAuth scopes, for Mermaid, Graphviz or a program.

    Needs no workspace. A field that manifests leave out is shown as not managed.
    """
    console.json = output == "json"
    if plan_file is None and side in ("before", "diff"):
        raise click.UsageError(f"--{side} needs --plan: manifests alone have no before")
    if plan_file is not None and (files or workspace):
        raise click.UsageError("--plan holds its own manifests: leave out --file and --workspace")
    from reconciler.views.topology import Side, dot, graph_json, mermaid

    drawn = Side(side or ("diff" if plan_file else "after"))
    topology = _topology(console, files, workspace, plan_file)
    match output:
        case "json":
            console.value(graph_json(topology, drawn))
        case "dot":
            console.exactly(dot(topology, drawn))
        case _:
            text = mermaid(topology, drawn)
            if len(text) > _MERMAID_LETTERS or len(topology.on(drawn).edges) > _MERMAID_EDGES:
                console.step(
                    "too large for Mermaid's default `maxTextSize` or `maxEdges`: raise them "
                    "where it is drawn, or use `--output dot`"
                )
            console.data(text)
    return 0


def _topology(
    console: Console, files: tuple[Path, ...], workspace: str | None, plan_file: Path | None
) -> "Topology":
    if plan_file is not None:
        from reconciler.views.topology import topology_of
        from reconciler.workflows import read_saved, saved_view

        return topology_of(saved_view(read_saved(plan_file)))
    from reconciler.views.topology import build
    from reconciler.workflows import load_manifests

    loaded = load_manifests(paths_of(files), workspace)
    if loaded.diagnostics.items and not console.json:
        console.diagnostics(loaded.diagnostics)
    assert loaded.desired is not None
    return build({a: resource.spec for a, resource in loaded.desired.resources.items()})
