"""The embedded workspace: Dust's private API, as far as `reconciler` uses it, over SQLite.

A program of its own (`reconciler sandbox serve`, or `python -m reconciler.sandbox`): nothing else
in the package imports it but its command.
"""

from reconciler.sandbox.settings import SandboxSettings

__all__ = ["SandboxSettings", "serve"]


def serve(settings: SandboxSettings) -> int:
    """Run the sandbox until SIGINT or SIGTERM; the process's exit code.

    Imports what it needs only now: the command line must not pay for a web server.
    """
    from reconciler.sandbox.server import run

    return run(settings)
