"""`reconciler demo`: the whole story in one command."""

import signal
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import click

from reconciler.cli.console import Console


@click.command()
@click.option("--keep", is_flag=True, help="Keep the manifests and the state in a folder.")
@click.option("--serve", is_flag=True, help="Keep sandbox and servers running until Ctrl-C.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to keep them (an empty or new folder). Implies --keep.",
)
@click.pass_obj
def demo(console: Console, keep: bool, serve: bool, folder: Path | None) -> int:
    """Walk through the whole story against a sandbox and five real MCP servers, offline.

    It needs no account and no set-up, takes less than a minute, and leaves nothing behind unless
    --keep is given.
    """
    from reconciler.workflows.demo import ENVIRONMENT, DemoFailed, Stage, tell
    from reconciler.workflows.failures import Exit, Stop

    if sys.platform == "win32":
        raise Stop(
            Exit.FAILED,
            "the demo needs named pipes, which Windows has in another form",
            help=("run it in WSL or a container",),
        )
    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"{folder} is not empty")
    if keep and folder is None:
        folder = Path(tempfile.mkdtemp(prefix="reconciler-demo-"))
    # However it is stopped, the processes that it started go first.
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, signal.default_int_handler)
    console.data("starting a sandbox workspace and five MCP servers on this machine…")
    with Stage(folder) as stage:
        try:
            tell(stage, console.data, color=console.out.enabled)
        except DemoFailed as error:
            raise Stop(Exit.FAILED, str(error)) from error
        if folder is not None:
            console.data(f"\nThe manifests and the state are in {folder}")
        if serve or folder is not None:
            console.data(f"Look at the workspace in a browser: {stage.url}/")
        if serve:
            if folder is not None:
                console.data(
                    "Go on by hand in another terminal:\n"
                    f"  cd {folder} && . ./{ENVIRONMENT} && reconciler plan"
                )
            _serve(console)
        elif folder is not None:
            port = urlsplit(stage.url).port
            console.data(
                "It ends with this command; to have it again:\n"
                f"  reconciler sandbox serve --port {port} --data {folder}/.sandbox.sqlite"
            )
    return 0


def _serve(console: Console) -> None:
    console.talk("serving until Ctrl-C")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.talk("\nstopped")
