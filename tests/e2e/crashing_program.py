"""The command line with a bug in it: `python -m tests.e2e.crashing_program PLACE ARGUMENT…`.

The bug raises an exception that holds every secret it can get at, with another one as its cause,
from a frame that has them in its variables.
"""

import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn
from unittest.mock import patch

from reconciler.cli import main

PLACES = {
    # where: what is replaced
    "planning": "reconciler.workflows.planning.make_plan",
    "reading": "reconciler.providers.dust.client.Transport.exchange",
    "writing": "reconciler.providers.dust.writer.DustWriter.perform",
    "resolving": "reconciler.secrets.resolver.Resolver.resolve",
    "reporting": "reconciler.views.report_text.summary",
    "remembering": "reconciler.state.session.Session.put",
}


def _crash(*given: Any, **named: Any) -> NoReturn:
    secrets = {name: os.environ[name] for name in ("DUST_ACCESS_TOKEN", "CANARY")}
    try:
        raise KeyError(f"{secrets}")
    except KeyError as error:
        error.add_note(str(secrets))
        raise RuntimeError(f"no {secrets}", given, named) from error


def run(place: str, arguments: list[str], crash: Callable[..., NoReturn] = _crash) -> None:
    """Run the command with the bug at one place."""
    with patch(PLACES[place], crash):
        main(arguments)


if __name__ == "__main__":
    # `main` looks at the arguments of the process for the global options.
    chosen = sys.argv.pop(1)
    run(chosen, sys.argv[1:])
