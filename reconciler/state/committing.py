"""Group commit: callers wait until a write that includes theirs is done; they share the writes.

A shared store has no journal that a crash would leave behind: what isn't in the store is gone with
the machine. So the state is written whole each time something must be durable; whoever comes while
a write is under way waits for the next one, which takes along all that came meanwhile.
"""

from collections.abc import Callable
from threading import Condition

from reconciler.state.failures import StateError
from reconciler.state.journal import Event
from reconciler.state.model import State


class GroupCommit:
    """The recorder of a session on a shared store; see `Recorder`.

    Parameters: `write` makes a state durable and gives it back as it was written, with its
    serial; it is called by one thread at a time. Once it failed, nothing more is taken, but
    `flush` tries once more.
    """

    def __init__(self, state: State, write: Callable[[State], State]) -> None:
        self.whole = state
        self._write = write
        self._condition = Condition()
        self._newest = state
        self._taken = 0
        self._written = 0
        self._writing = False
        self._failure: StateError | None = None

    def take(self, event: Event, state: State) -> State:  # noqa: ARG002 - the state says it all
        """Remember it for the next write."""
        with self._condition:
            if self._failure:
                raise self._failure
            self._newest = state
            self._taken += 1
        return state

    def secure(self) -> None:
        """Wait for a write of all that was taken, or be the one who writes."""
        with self._condition:
            wanted = self._taken
        while self._is_next(wanted):
            self._commit()

    def flush(self, state: State) -> State:
        """Write `state` whole, also after a failure."""
        with self._condition:
            self._condition.wait_for(lambda: not self._writing)
            self._failure = None
            self._newest = state
            self._taken += 1
            self._writing = True
        self._commit()
        return self.whole

    def _is_next(self, wanted: int) -> bool:
        """Whether this thread is to write; False once `wanted` is durable."""
        with self._condition:
            self._condition.wait_for(
                lambda: self._written >= wanted or self._failure or not self._writing
            )
            if self._written >= wanted:
                return False
            if self._failure:
                raise self._failure
            self._writing = True
            return True

    def _commit(self) -> None:
        with self._condition:
            state, taken = self._newest, self._taken
        try:
            self.whole = self._write(state)
            self._written = taken
        except StateError as error:
            self._failure = error
            raise
        finally:
            with self._condition:
                self._writing = False
                self._condition.notify_all()
