"""State as a value: which remote objects are ours, and what we last made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reconciler.resources import Address, Path, Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What we own at one address.

    `applied` is the spec as last applied, with references for secrets; it is empty while a
    creation is unfinished. `fingerprints` tell a rotated secret from the one last written.
    `deposed` are objects that a replace has superseded but not deleted yet.
    """

    remote_id: str
    applied: Spec = field(default_factory=dict)
    protect: bool = False
    fingerprints: Mapping[Path, str] = field(default_factory=dict)
    deposed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A creation that was started and whose outcome nobody wrote down.

    `known` are the remote ids that existed before, `match` the identity of what was asked for,
    `replaces` the object that was to be superseded.
    """

    address: Address
    operation: str
    known: tuple[str, ...] = ()
    match: Mapping[str, str] = field(default_factory=dict)
    replaces: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that is remembered about one workspace. `serial` grows with every write."""

    provider: str
    workspace_id: str
    lineage: str
    serial: int = 0
    entries: Mapping[Address, Entry] = field(default_factory=dict)
    unfinished: tuple[Intent, ...] = ()

    def put(self, address: Address, entry: Entry) -> "State":
        """A state that owns `entry` at `address`."""
        return replace(self, entries={**self.entries, address: entry})

    def drop(self, address: Address) -> "State":
        """A state that owns nothing at `address`."""
        return replace(self, entries={a: e for a, e in self.entries.items() if a != address})

    def owners(self) -> dict[tuple[str, str], Address]:
        """Which address owns each (kind, remote id), deposed objects included."""
        return {
            (address.kind, remote_id): address
            for address, entry in self.entries.items()
            for remote_id in (entry.remote_id, *entry.deposed)
        }
