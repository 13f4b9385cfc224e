"""The writes on a shelf that is held: each where the one before it is, whatever became of that."""

from contextlib import suppress

from reconciler.state.failures import StateUnreachable
from reconciler.state.shelf import Found, Held


class Sending:
    """Sends texts to a shelf; not thread-safe by itself.

    Parameters: `found` is what was read there, `serial` that text's. After a send that raised,
    the text may be there all the same.
    """

    def __init__(self, held: Held, found: Found, *, serial: int = 0) -> None:
        self.serial = serial
        self._held = held
        self._version = found.version
        self._unsettled: tuple[str, int] | None = None

    def settle(self) -> None:
        """Look whether a send that raised was done after all, and go on from that.

        Where nobody can tell, the next send is on the condition that it wasn't. Raises
        StateUnreadable.
        """
        if self._unsettled is None:
            return
        text, serial = self._unsettled
        with suppress(StateUnreachable):
            found = self._held.read()
            if found.text == text:
                self._version, self.serial = found.version, serial
            self._unsettled = None

    def send(self, text: str, *, serial: int) -> None:
        """Put `text` where the one before is. Raises StateLost, StateUnwritable."""
        self._unsettled = text, serial
        self._version = self._held.write(text, serial=serial, expected=self._version)
        self._unsettled, self.serial = None, serial
