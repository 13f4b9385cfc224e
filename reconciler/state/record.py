"""A small encrypted text beside the state, with a lock and versions of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from reconciler.resources import read_json
from reconciler.state.failures import StateForeign, StateRolledBack, StateSealed, StateUnreadable
from reconciler.state.lease import Lease, Owner
from reconciler.state.sealing import Keys, Label, is_sealed, label_of, seal, unseal
from reconciler.state.sending import Sending
from reconciler.state.shelf import Found, Held, Shelf
from reconciler.state.witness import Witness


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRecord:
    """A text that is never in the open.

    Parameters: `shelf` is where it lies, `what` its name, which is part of what is authenticated,
    as are the workspace and a serial that grows with every write; `keys` must have a current one;
    `witness` remembers serials on this machine.
    """

    shelf: Shelf
    what: str
    provider: str
    workspace_id: str
    keys: Keys
    witness: Witness = field(default_factory=Witness)

    def read(self) -> str | None:
        """The text as it is now, also while somebody has it; None when there is none.

        Raises StateUnreachable, StateUnreadable, StateSealed, StateForeign, StateRolledBack.
        """
        return self.read_version()[0]

    def read_version(self) -> tuple[str | None, int]:
        """The same, with its serial; 0 when there is none."""
        text, serial = self._opened(self.shelf.read())
        self.witness.saw(self.shelf.identity, serial)
        return text, serial

    @contextmanager
    def hold(self, owner: Owner) -> Iterator["HeldRecord"]:
        """Lock it, and read it. Raises StateLocked, StateUnwritable, and what `read` raises."""
        with self.shelf.hold(owner) as held:
            found = held.read()
            text, serial = self._opened(found)
            yield HeldRecord(self, held, found, text, serial)

    @contextmanager
    def hold_anew(self, owner: Owner) -> Iterator["HeldRecord"]:
        """Lock it to write something new there, whatever it is now: damaged, old, or encrypted with
        a key that is lost. Raises StateForeign for another workspace's, and what `hold` raises.
        """
        with self.shelf.hold(owner) as held:
            found = held.read()
            said = None if found.text is None else label_of(found.text)
            if said is not None:
                self._check(said)
            serial = max(self._highest(found), 0 if said is None else said.serial)
            yield HeldRecord(self, held, found, None, serial)

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
            self._check(label)
        highest = self._highest(found)
        if serial < highest:
            raise StateRolledBack(name, None if text is None else serial, highest)
        return text, serial

    def _check(self, label: Label) -> None:
        if label != self._label(label.serial):
            wanted = f"{self.provider}/{self.workspace_id} ({self.what})"
            whose = f"{label.provider}/{label.workspace_id} ({label.what})"
            raise StateForeign(self.shelf.name, whose, wanted)

    def _highest(self, found: Found) -> int:
        return max(found.highest, self.witness.highest(self.shelf.identity))

    def _label(self, serial: int) -> Label:
        return Label(
            what=self.what,
            provider=self.provider,
            workspace_id=self.workspace_id,
            lineage=self.what,
            serial=serial,
        )


class HeldRecord:
    """A record while its lock is ours; `text` is what is there, of the serial `serial`."""

    def __init__(
        self, record: SealedRecord, held: Held, found: Found, text: str | None, serial: int
    ) -> None:
        self.text = text
        self._record = record
        self._sending = Sending(held, found, serial=serial)

    @property
    def serial(self) -> int:
        """The serial of what is there."""
        return self._sending.serial

    def write(self, text: str) -> None:
        """Put `text` there. Raises StateLost, StateUnwritable."""
        self._sending.settle()
        serial = self.serial + 1
        self._sending.send(self._record.sealed(text, serial), serial=serial)
        self.text = text
        self._record.witness.saw(self._record.shelf.identity, serial)
