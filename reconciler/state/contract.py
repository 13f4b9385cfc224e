"""What commands need of the place where a state is kept, whatever that is."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from reconciler.state.lease import Lease, Owner
from reconciler.state.model import State
from reconciler.state.session import Session


class Store(Protocol):
    """The state of one workspace. `name` is how messages call it.

    Every method raises StateUnreadable, StateForeign, StateMoved, and in shared stores
    StateUnreachable, StateSealed, StateUnsealed, StateRolledBack.
    """

    @property
    def name(self) -> str:
        """How messages call it."""

    @property
    def identity(self) -> str:
        """What tells its place from every other on this machine."""

    def load(self, *, sealed: bool = True) -> State:
        """The state as it is now, also while a run has it; empty when there is none.

        Without `sealed` it may be what somebody else made of it: altered, older, or not encrypted.
        """

    def session(self, *, owner: Owner, tool: str) -> AbstractContextManager[Session]:
        """Lock, load, hand out, and write what is left at the end, however the run ends.

        Raises StateLocked, StateUnwritable, StateLost (when the lock was taken away meanwhile).
        """

    def rewrite(
        self,
        change: Callable[[State], State | None],
        *,
        owner: Owner,
        sealed: bool = True,
        back: str | None = None,
    ) -> State | None:
        """Lock, load, and write what `change` makes of the state, with a serial above all before.

        Gives what was written; None when `change` gave None, and nothing was. Parameters: `sealed`
        as in `load`; `back` is the lineage of a state that may come back after it moved away:
        `change` is given an empty one then. Raises StateLocked, StateUnwritable, StateLost.
        """

    def move_out(self, to: str, receive: Callable[[State], None], *, owner: Owner) -> None:
        """Give the state to `receive`, and when that is done leave only a note that it is in `to`.

        Raises StateLocked, StateUnwritable, StateLost, and what `receive` raises.
        """

    def unlock(self, name: str) -> Lease | None:
        """Take the lock away from a run that died elsewhere; None when nobody has it.

        Raises StateLocked when another run has it, or its process still lives.
        """
