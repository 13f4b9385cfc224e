"""`reconciler schema`: JSON Schemas of manifests, plans, state and reports."""

from pathlib import Path

import click

from reconciler.cli.console import Console


@click.command()
@click.argument("name", required=False)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write all schemas into a folder.",
)
@click.pass_obj
def schema(console: Console, name: str | None, out: Path | None) -> int:
    """Print the JSON Schema NAME (default: manifest, the whole file), or write all of them.

    In an editor with a YAML language server, put
    `# yaml-language-server: $schema=PATH/manifest.schema.json` on a manifest's first line.
    """
    from reconciler.workflows.schemas import schema_texts

    texts = schema_texts()
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for known, text in texts.items():
            (out / f"{known}.schema.json").write_text(text, encoding="utf-8")
        console.step(f"{len(texts)} schemas written to {out}")
        return 0
    wanted = (name or "manifest").lower()
    if wanted not in texts:
        raise click.UsageError(f"no schema `{wanted}`; there are {', '.join(sorted(texts))}")
    console.data(texts[wanted])
    return 0
