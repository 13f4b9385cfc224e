"""State as a value: which remote objects are ours, and what we last made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reconciler.resources import Address, Path, Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What we own at one address.

    `applied` is the spec as last applied, with references for secrets; it is empty while a
    creation is unfinished. `fingerprints` tell a rotated secret from the one last written.
    `deposed` are objects that a replace has superseded but not deleted yet. `formerly` are names
    of `metadata.previously` that it took from a resource that is still there, so that two that
    swapped their names don't swap them again.
    """

    remote_id: str
    applied: Spec = field(default_factory=dict)
    protect: bool = False
    fingerprints: Mapping[Path, str] = field(default_factory=dict)
    deposed: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A creation that was started and whose outcome nobody wrote down.

    `known` are the remote ids that existed before, `match` the identity of what was asked for,
    `replaces` the object that was to be superseded, `asked` when it was about to be sent, in
    milliseconds by the platform's clock (never later than that), `lost` when its answer was given
    up (never earlier); None where that isn't known.
    """

    address: Address
    operation: str
    known: tuple[str, ...] = ()
    match: Mapping[str, str] = field(default_factory=dict)
    replaces: str | None = None
    asked: int | None = None
    lost: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A sign-in that a person was asked for and that nobody has seen finished.

    `connection` is the remote id of the pending OAuth connection, `provider` the platform's word
    for its kind, `url` where to sign in, `who` the e-mail address of the person it belongs to,
    `since` when (ISO 8601, UTC), `asked` a digest of what was asked for, `scopes` the scopes in it
    (None: none named). It holds no secret: the address carries a client id and a challenge.
    """

    connection: str
    provider: str
    url: str
    who: str
    since: str
    asked: str
    scopes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that is remembered about one workspace. `serial` grows with every write."""

    provider: str
    workspace_id: str
    lineage: str
    serial: int = 0
    entries: Mapping[Address, Entry] = field(default_factory=dict)
    unfinished: tuple[Intent, ...] = ()
    consents: Mapping[Address, Consent] = field(default_factory=dict)

    def put(self, address: Address, entry: Entry) -> "State":
        """A state that owns `entry` at `address`."""
        return replace(self, entries={**self.entries, address: entry})

    def drop(self, address: Address) -> "State":
        """A state that owns nothing at `address`."""
        return replace(self, entries={a: e for a, e in self.entries.items() if a != address})

    def ask(self, address: Address, consent: Consent | None) -> "State":
        """A state that waits for `consent` at `address`, or for none."""
        others = {a: c for a, c in self.consents.items() if a != address}
        return replace(self, consents=others if consent is None else {**others, address: consent})

    def owners(self) -> dict[tuple[str, str], Address]:
        """Which address owns each (kind, remote id), deposed objects included."""
        return {
            (address.kind, remote_id): address
            for address, entry in self.entries.items()
            for remote_id in (entry.remote_id, *entry.deposed)
        }
