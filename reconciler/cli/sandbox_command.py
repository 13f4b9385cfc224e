"""`reconciler sandbox serve`: a workspace on this machine."""

from pathlib import Path

import click


@click.group()
def sandbox() -> None:
    """Run a workspace on this machine: Dust's API over SQLite, to rehearse manifests against."""


@sandbox.command()
@click.option(
    "--port",
    metavar="PORT",
    type=click.IntRange(0, 65535),
    default=0,
    help="Where to listen. Default: any that is free.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep the workspace in this file. Default: it ends with the process.",
)
@click.option(
    "--seed",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Start from workspaces, people and servers in this JSON file.",
)
@click.option(
    "--strict-urls", is_flag=True, help="Refuse loopback and plain http servers, as Dust does."
)
@click.option(
    "--token-seconds",
    metavar="SECONDS",
    type=click.IntRange(min=1),
    default=300,
    show_default=True,
    help="How long the access token of somebody who signed in counts.",
)
@click.option(
    "--login-seconds",
    metavar="SECONDS",
    type=click.IntRange(min=1),
    default=300,
    show_default=True,
    help="How long a device login waits for approval.",
)
@click.option(
    "--login-interval",
    metavar="SECONDS",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    help="Seconds between two polls of a device login.",
)
@click.option("--json", "json_line", is_flag=True, help="Say where it is as one JSON line.")
def serve(
    *,
    port: int,
    data: Path | None,
    seed: Path | None,
    strict_urls: bool,
    token_seconds: int,
    login_seconds: int,
    login_interval: int,
    json_line: bool,
) -> int:
    """Serve until Ctrl-C. Its page shows spaces, tools and every API call."""
    from reconciler.sandbox import SandboxSettings
    from reconciler.sandbox import serve as serve_sandbox

    settings = SandboxSettings(
        port=port,
        data=data,
        seed=seed,
        strict_urls=strict_urls,
        json_line=json_line,
        token_seconds=token_seconds,
        login_seconds=login_seconds,
        login_interval=login_interval,
    )
    return serve_sandbox(settings)
