"""The command line: options in, exit codes out; data to stdout, talk to stderr."""

from reconciler.cli.entry import main

__all__ = ["main"]
