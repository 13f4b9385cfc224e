"""Which live object belongs to which manifest: renames, and creations that nobody saw end."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reconciler.planning.inputs import Labels
from reconciler.resources import COMPANY, KINDS, Address, LiveResource, Resource, Snapshot
from reconciler.state import Entry, Intent, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """State after looking around.

    `moves` are renames (old, new); `recovered` creations that turned out to have happened;
    `ambiguous` those for which several objects could be the one.
    """

    state: State
    moves: tuple[tuple[Address, Address], ...] = ()
    recovered: tuple[Address, ...] = ()
    ambiguous: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)


def settle(resources: Mapping[Address, Resource], state: State, snapshot: Snapshot) -> Ownership:
    """Apply `metadata.previously` to state, and look up every unfinished creation."""
    state, moves = _rename(resources, state)
    recovered: list[Address] = []
    ambiguous: dict[Address, tuple[str, ...]] = {}
    unfinished: list[Intent] = []
    for intent in state.unfinished:
        found = candidates(intent, state, snapshot)
        if len(found) == 1:
            state = state.put(intent.address, _recovered_entry(intent, state, found[0]))
            recovered.append(intent.address)
        elif found:
            ambiguous[intent.address] = tuple(sorted(live.remote_id for live in found))
            unfinished.append(intent)
        elif intent.address.kind not in snapshot.complete:
            unfinished.append(intent)
    consents = {a: consent for a, consent in state.consents.items() if a in resources}
    return Ownership(
        state=replace(state, unfinished=tuple(unfinished), consents=consents),
        moves=tuple(moves),
        recovered=tuple(recovered),
        ambiguous=ambiguous,
    )


def labels(state: State, snapshot: Snapshot) -> Labels:
    """A label for every object that a list of references may hold.

    Owned objects go by their manifest's name, the whole workspace by `company`, the rest by
    their title.
    """
    owners = state.owners()
    by_id: dict[str, str] = dict.fromkeys(snapshot.company, COMPANY)
    referenced = {p.references for kind in KINDS.values() for p in kind.fields.values()}
    for kind in referenced - {None}:
        assert kind is not None
        for remote_id, live in snapshot.resources.get(kind, {}).items():
            owner = owners.get((kind, remote_id))
            by_id.setdefault(remote_id, owner.name if owner else f"{live.title} (not managed)")
    return Labels(by_id)


def _rename(
    resources: Mapping[Address, Resource], state: State
) -> tuple[State, list[tuple[Address, Address]]]:
    entries = dict(state.entries)
    started = {intent.address for intent in state.unfinished}
    moves: list[tuple[Address, Address]] = []
    renamed: dict[Address, Address] = {}
    for address, resource in sorted(resources.items()):
        for old_name in resource.previously:
            old = Address(address.kind, old_name)
            if address in entries or old in resources:
                continue
            # A creation that nobody saw end may have no entry yet; it is renamed all the same.
            if old in entries or old in started or old in state.consents:
                renamed[old] = address
            if old in entries:
                entries[address] = entries.pop(old)
                moves.append((old, address))
    intents = tuple(
        replace(intent, address=renamed.get(intent.address, intent.address))
        for intent in state.unfinished
    )
    for old, new in moves:
        entries = {a: _relabelled(a, entry, old, new) for a, entry in entries.items()}
    consents = {renamed.get(a, a): consent for a, consent in state.consents.items()}
    return replace(state, entries=entries, unfinished=intents, consents=consents), moves


def _relabelled(address: Address, entry: Entry, old: Address, new: Address) -> Entry:
    """The entry with `new` wherever its last applied spec refers to `old`."""
    applied = dict(entry.applied)
    for path, policy in KINDS[address.kind].fields.items():
        listed = applied.get(path[0])
        if policy.references == old.kind and isinstance(listed, (list, tuple)):
            applied[path[0]] = [new.name if item == old.name else item for item in listed]
    return replace(entry, applied=applied) if applied != entry.applied else entry


def candidates(intent: Intent, state: State, snapshot: Snapshot) -> tuple[LiveResource, ...]:
    """Live objects that `intent` may have created: new, nobody's, and of the right identity."""
    owners = state.owners()
    kind = intent.address.kind
    return tuple(
        live
        for remote_id, live in snapshot.resources.get(kind, {}).items()
        if remote_id not in intent.known and (kind, remote_id) not in owners and _fits(live, intent)
    )


def _fits(live: LiveResource, intent: Intent) -> bool:
    """Whether it has the identity that was asked for; a broken one has got no name of its own."""
    names = KINDS[live.kind].identity[:1] if live.broken else tuple(intent.match)
    return all(live.spec.get(n) == intent.match[n] for n in names if n in intent.match)


def _recovered_entry(intent: Intent, state: State, live: LiveResource) -> Entry:
    """Own what the creation made; nothing of its spec is known to have been applied."""
    before = state.entries.get(intent.address)
    protect = before.protect if before else False
    deposed = tuple(before.deposed) if before else ()
    if intent.replaces:
        deposed = (*deposed, intent.replaces)
    return Entry(remote_id=live.remote_id, protect=protect, deposed=deposed)
