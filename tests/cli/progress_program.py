"""A run as a terminal shows it, step by step: each line on stdin lets it go on."""

import sys

from reconciler.cli.console import Console, wants_color
from reconciler.cli.progress import progress
from tests.cli.runs import CHANGES, ended, pause


def _next() -> None:
    sys.stdin.readline()


def main() -> None:
    """Run it."""
    space, github, jira = CHANGES
    console = Console(color=wants_color(sys.stderr.isatty()))
    shown = progress(console)
    print("display:", type(shown).__name__)
    with shown:
        shown.begun(CHANGES)
        shown.started(space)
        shown.operation(space, space.operations[0])
        _next()
        console.paused(pause(3600))
        _next()
        shown.finished(ended(space))
        shown.started(github)
        _next()
        shown.finished(ended(github))
        shown.finished(ended(jira))
    print("over")


if __name__ == "__main__":
    main()
