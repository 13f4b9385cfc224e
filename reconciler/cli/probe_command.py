"""`reconciler probe`: what a remote MCP server is and needs."""

import click

from reconciler.cli.console import Console
from reconciler.cli.options import output_option
from reconciler.diagnostics import printable


@click.command()
@click.argument("url")
@click.option(
    "--bearer",
    metavar="REFERENCE",
    help="Where a token is kept: env:NAME, file:PATH or vault:MOUNT/PATH#KEY.",
)
@click.option(
    "--header",
    "headers",
    metavar="NAME=REFERENCE",
    multiple=True,
    help="A custom header, and where its value is kept; repeatable.",
)
@click.option(
    "--allow-private",
    is_flag=True,
    help="Ask private addresses, and plain http, too.",
)
@click.option(
    "--register",
    is_flag=True,
    help="Try to register a client with a workspace's redirect URIs, and delete it again.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    default=30,
    show_default=True,
    help="How long the whole probe may take.",
)
@output_option
@click.pass_obj
def probe(
    console: Console,
    *,
    url: str,
    bearer: str | None,
    headers: tuple[str, ...],
    allow_private: bool,
    register: bool,
    timeout: float,
    output: str,
) -> int:
    """Ask the MCP server at URL what it is and needs, without any workspace.

    Tells its tools, or how to sign in: what its metadata says, each rule for careful clients as a
    check, the auth mode that fits, and a manifest to begin with. Nothing is registered unless
    --register says so. Ends with 1 when the server can't be used, or asks for a sign-in that breaks
    a MUST.
    """
    console.json = output == "json"
    console.step("asking the server")
    from reconciler.views import probe_json, probe_text
    from reconciler.workflows import probe_server

    found = probe_server(
        url,
        bearer=bearer,
        headers=headers,
        allow_private=allow_private,
        timeout=timeout,
        register=register,
        trace=console.traced,
    )
    if found.trial is not None and not found.trial.removed:
        console.talk(f"{console.err.warning('warning')}: {_left(found.trial.client_id)}")
    if console.json:
        console.value(probe_json(found))
    else:
        console.data(probe_text(found, console.out))
    usable = found.healthy or (found.mode is not None and not found.failed)
    return 0 if usable else 1


def _left(client_id: str) -> str:
    return f"the client `{printable(client_id)}` is left at the authorization server"
