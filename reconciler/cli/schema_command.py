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
        from reconciler.workflows import Exit, Stop
        from reconciler.workflows.outputs import write_output

        try:
            out.mkdir(parents=True, exist_ok=True)
            for known, text in texts.items():
                write_output(out / f"{known}.schema.json", text.encode())
        except OSError as error:
            why = error.strerror or error
            raise Stop(Exit.FAILED, f"the schemas can't be written to {out}: {why}") from error
        console.step(f"{len(texts)} schemas written to {out}")
        return 0
    wanted = (name or "manifest").lower()
    if wanted not in texts:
        raise click.UsageError(f"no schema `{wanted}`; there are {', '.join(sorted(texts))}")
    console.exactly(texts[wanted])
    return 0
