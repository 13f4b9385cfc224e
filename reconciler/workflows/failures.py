"""What ends a command early, as one exception with an exit code and words for the user."""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

from reconciler.diagnostics import Diagnostics
from reconciler.state import Lease


class Exit(IntEnum):
    """Exit codes: stable, documented in the README."""

    DONE = 0
    FAILED = 1
    CHANGES = 2
    PARTLY = 3
    REFUSED = 4
    STALE = 5
    PENDING = 6
    LOCKED = 7
    USAGE = 64
    INTERRUPTED = 130


class Stop(Exception):
    """The command can't go on.

    Parameters: `code` is the exit code, `message` the headline, `help` what to do, `diagnostics`
    the located messages, if the manifests are at fault, `moved` what a saved plan no longer fits,
    as JSON (its words are in `notes`), `holder` who has the state.
    """

    def __init__(
        self,
        code: Exit,
        message: str,
        *,
        help: tuple[str, ...] = (),  # noqa: A002 - the word of diagnostics
        notes: tuple[str, ...] = (),
        diagnostics: Diagnostics | None = None,
        moved: Sequence[Mapping[str, Any]] = (),
        holder: Lease | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help
        self.notes = notes
        self.diagnostics = diagnostics or Diagnostics()
        self.moved = tuple(moved)
        self.holder = holder
