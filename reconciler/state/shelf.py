"""A shelf: one named text in a store that several machines share, locked and written on condition.

Whatever wants to keep a small text beside the state (`Shelf.beside`) has the same guarantees: one
holder at a time, no write over what somebody else wrote, and a holder who lost the lock is told
before it writes anything.
"""

import math
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from reconciler.state.lease import Lease, Owner

LIMIT = 64 * 1024 * 1024
"""Bytes that a text may have."""


class Concealed(Protocol):
    """A secret that is only revealed in the line that sends it."""

    def reveal(self) -> str:
        """The value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """How to get in to a store; what is None is left to the customs of the store's own library."""

    username: str | Concealed | None = None
    password: Concealed | None = None


def told(value: str | Concealed | None) -> str | None:
    """A part of credentials, for the line that sends it."""
    return value if value is None or isinstance(value, str) else value.reveal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a shelf holds.

    `text` is None when there is nothing. `version` is what the next write expects to find, opaque.
    `quiet` are the seconds since it was written, by the store's own clock; 0 where it can't be
    told. `highest` is the highest serial that the store remembers, apart from the text.
    """

    text: str | None = field(repr=False)
    version: str | None
    quiet: float = math.inf
    highest: int = 0


class Held(Protocol):
    """A shelf while it is ours; safe to use from several threads. `inherited` is the lease of a
    run that died holding it."""

    inherited: Lease | None

    def check(self) -> None:
        """Raise StateLost unless the lock is still ours, StateUnreachable when nobody can tell.

        Cheap enough to be asked before every call to the platform; see `Vigil`.
        """

    def read(self) -> Found:
        """What is there. Raises StateUnreachable, StateUnreadable."""

    def write(self, text: str, *, serial: int, expected: str | None) -> str:
        """Put `text` where the version `expected` is (None: nothing); its version.

        Parameters: `serial` grows with each write. Raises StateLost when the lock or the version
        is another's by now, StateUnwritable when it certainly can't be written.
        """


class Shelf(Protocol):
    """One text in a shared store.

    `name` is how messages call it; it has no secret in it. `identity` tells it from every other on
    this machine, for whoever remembers something of it.
    """

    name: str

    @property
    def identity(self) -> str: ...

    def read(self) -> Found:
        """What is there, also while somebody holds it. Raises StateUnreachable, StateUnreadable."""

    def hold(self, owner: Owner) -> AbstractContextManager[Held]:
        """Lock it. Raises StateLocked with its holder, StateUnreachable, StateUnwritable."""

    def take_away(self, name: str) -> Lease | None:
        """End the hold of the run that is called `name`; None when nobody has one.

        Raises StateLocked when another run has it, StateUnreachable.
        """

    def beside(self, suffix: str) -> "Shelf":
        """Another shelf of the same store, with a lock of its own."""
