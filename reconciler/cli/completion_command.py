"""`reconciler completion`: a script that makes a shell complete our commands."""

from typing import TYPE_CHECKING

import click
from click.shell_completion import ShellComplete, get_completion_class

from reconciler.cli.console import Console

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_RECONCILER_COMPLETE"
"""The variable that click looks at, made of the program's name."""


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> int:
    """Print the script that completes commands, options, addresses and topics in SHELL.

    \b
    bash:  echo 'eval "$(reconciler completion bash)"' >> ~/.bashrc
    zsh:   echo 'eval "$(reconciler completion zsh)"' >> ~/.zshrc    (after compinit)
    fish:  reconciler completion fish > ~/.config/fish/completions/reconciler.fish

    Addresses are read from the manifests at --file (default: the current folder) and their state;
    no workspace is asked.
    """
    console = ctx.find_object(Console)
    assert console is not None
    found = get_completion_class(shell)
    assert found is not None
    none: Mapping[str, object] = {}
    root = ctx.find_root()
    script = found(root.command, dict(none), root.info_name or "reconciler", _VARIABLE)
    # Not bash's own `source`, which runs a bash to look at its version: it may be elsewhere.
    console.data(ShellComplete.source(script))
    return 0
