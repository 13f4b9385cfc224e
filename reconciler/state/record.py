"""A small encrypted text beside the state, with a lock and versions of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from reconciler.resources import read_json
from reconciler.state.failures import StateForeign, StateRolledBack, StateSealed, StateUnreadable
from reconciler.state.lease import Lease, Owner
from reconciler.state.sealing import Keys, Label, is_sealed, seal, unseal
from reconciler.state.shelf import Found, Held, Shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRecord:
    """A text that is never in the open.

    Parameters: `shelf` is where it lies, `what` its name, which is part of what is authenticated,
    as are the workspace and a serial that grows with every write; `keys` must have a current one.
    """

    shelf: Shelf
    what: str
    provider: str
    workspace_id: str
    keys: Keys

    def read(self) -> str | None:
        """The text as it is now, also while somebody has it; None when there is none.

        Raises StateUnreachable, StateUnreadable, StateSealed, StateForeign, StateRolledBack.
        """
        return self._opened(self.shelf.read())[0]

    @contextmanager
    def hold(self, owner: Owner) -> Iterator["HeldRecord"]:
        """Lock it, and read it. Raises StateLocked, StateUnwritable, and what `read` raises."""
        with self.shelf.hold(owner) as held:
            found = held.read()
            text, serial = self._opened(found)
            yield HeldRecord(self, held, found, text, serial)

    def take_away(self, name: str) -> Lease | None:
        """End the hold of the run called `name`; see `Shelf`."""
        return self.shelf.take_away(name)

    def sealed(self, text: str, serial: int) -> str:
        """What lies on the shelf for `text`. Raises StateSealed without a key."""
        if self.keys.current is None:
            raise StateSealed(
                self.shelf.name, "the manifests name no key", ("give `spec.state.encryption.key`",)
            )
        return seal(text, self._label(serial), self.keys.current)

    def _opened(self, found: Found) -> tuple[str | None, int]:
        name = self.shelf.name
        text, serial = None, 0
        if found.text is not None:
            try:
                sealed = is_sealed(read_json(found.text))
            except ValueError as error:
                raise StateUnreadable(name, str(error)) from None
            if not sealed:
                raise StateUnreadable(name, "it isn't encrypted")
            text, label = unseal(found.text, self.keys, name=name)
            serial = label.serial
            if label != self._label(serial):
                wanted = f"{self.provider}/{self.workspace_id} ({self.what})"
                whose = f"{label.provider}/{label.workspace_id} ({label.what})"
                raise StateForeign(name, whose, wanted)
        if serial < found.highest:
            raise StateRolledBack(name, None if text is None else serial, found.highest)
        return text, serial

    def _label(self, serial: int) -> Label:
        return Label(
            what=self.what,
            provider=self.provider,
            workspace_id=self.workspace_id,
            lineage=self.what,
            serial=serial,
        )


class HeldRecord:
    """A record while its lock is ours; `text` is what is there."""

    def __init__(
        self, record: SealedRecord, held: Held, found: Found, text: str | None, serial: int
    ) -> None:
        self.text = text
        self._record = record
        self._held = held
        self._version = found.version
        self._serial = serial

    def write(self, text: str) -> None:
        """Put `text` there. Raises StateLost, StateUnwritable."""
        serial = self._serial + 1
        sealed = self._record.sealed(text, serial)
        self._version = self._held.write(sealed, serial=serial, expected=self._version)
        self.text, self._serial = text, serial
