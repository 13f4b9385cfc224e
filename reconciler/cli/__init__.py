"""The command line: options in, exit codes out; data to stdout, talk to stderr."""

from collections.abc import Sequence

from reconciler.programs import leave_out_current_folder

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit the process."""
    leave_out_current_folder()
    # Only now, so that not one library is looked for beside the manifests.
    from reconciler.cli.entry import main as run

    run(arguments)
