"""`reconciler callbacks`: what an OAuth app or an authorization server must allow."""

import click

from reconciler.cli.console import Console
from reconciler.cli.options import output_option


@click.command()
@click.option("--region", type=click.Choice(["us", "eu"]), help="Only those of one region.")
@output_option
@click.pass_obj
def callbacks(console: Console, *, region: str | None, output: str) -> int:
    """Print the redirect URIs that an OAuth app or an authorization server must allow.

    For `static-oauth`, give the one of your workspace's region to the app that you create; for
    `automatic`, whoever runs the server's authorization server allows all of them.
    """
    from reconciler.providers.dust import callbacks as redirect_uris

    found = redirect_uris(region)
    console.json = output == "json"
    if console.json:
        console.value({"format": "reconciler.callbacks/v1", "regions": found})
        return 0
    for name, modes in found.items():
        for mode, addresses in modes.items():
            for address in addresses:
                console.data(f"{name}  {mode:<12}  {address}\n")
    return 0
