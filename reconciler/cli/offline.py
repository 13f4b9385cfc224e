"""What commands work with that look at the manifests and the state, and ask no workspace."""

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.console import Console
from reconciler.cli.options import RunFlags, read_context

if TYPE_CHECKING:
    from datetime import timedelta

    from reconciler.workflows import Context

_OFFLINE = RunFlags(timeout=30.0, parallelism=1, allow=frozenset())


def offline_context(
    console: Console,
    files: tuple[Path, ...],
    workspace: str | None,
    output: str,
    lock_timeout: "timedelta | None" = None,
) -> "Context":
    """The context of such a command; raises Stop."""
    console.json = output == "json"
    return read_context(console, files, workspace, _OFFLINE.waiting(lock_timeout))
