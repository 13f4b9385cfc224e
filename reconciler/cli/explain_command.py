"""`reconciler explain`: what a code, a gate, an exit code or a field means."""

from collections.abc import Iterable
from typing import Any

import click

from reconciler.cli.completing import topics_to_explain
from reconciler.cli.console import Console
from reconciler.cli.options import output_option


@click.command()
@click.argument("topic", required=False, shell_complete=topics_to_explain)
@click.option("--markdown", is_flag=True, help="Print the whole reference as Markdown.")
@output_option
@click.pass_obj
def explain(console: Console, *, topic: str | None, markdown: bool, output: str) -> int:
    """Explain TOPIC; without one, list what can be explained.

    \b
    TOPIC is a diagnostic code      reconciler explain unknown-field
    or a gate                       reconciler explain open-space
    or an exit code                 reconciler explain 5
    or a kind, or a field of one    reconciler explain MCPServer.spec.auth
    """
    console.json = output == "json"
    if markdown and (topic or console.json):
        raise click.UsageError("--markdown prints everything: give neither TOPIC nor --output json")
    from reconciler.explanations import closest, pages
    from reconciler.explanations import explain as page_of
    from reconciler.views import (
        explanation_json,
        explanation_text,
        reference_markdown,
        topics_text,
    )

    if topic is None:
        found = tuple(pages())
        if markdown:
            console.data(reference_markdown(found))
        elif console.json:
            console.value(_document(map(explanation_json, found)))
        else:
            console.data(topics_text(found, console.out))
        return 0
    page = page_of(topic)
    if page is None:
        near = " or ".join(f"`{name}`" for name in closest(topic))
        raise click.BadParameter(
            f"`{topic}` is nothing that can be explained"
            + (f": did you mean {near}?" if near else "; `reconciler explain` lists the topics"),
            param_hint="TOPIC",
        )
    if console.json:
        console.value(_document([explanation_json(page)]))
    else:
        console.data(explanation_text(page, console.out, console.width))
    return 0


def _document(pages: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"format": "reconciler.explanation/v1", "topics": list(pages)}
