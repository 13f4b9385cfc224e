"""Which live object belongs to which manifest: renames, and creations that nobody saw end."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
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
        if _has_its_object(intent, state, snapshot):
            continue
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


def renamed(resources: Mapping[Address, Resource], state: State) -> State:
    """`state` with `metadata.previously` applied: what planning looks at."""
    return _rename(resources, state)[0]


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


def moved(state: State, moves: Mapping[Address, Address]) -> State:
    """`state` with every address in `moves` renamed, all at once: names may go round in a circle.

    What was started or is waited for moves along, and references of others follow.
    """
    names = {(old.kind, old.name): new.name for old, new in moves.items()}
    return replace(
        state,
        entries={
            moves.get(address, address): _relabelled(address, entry, names)
            for address, entry in state.entries.items()
        },
        unfinished=tuple(
            replace(intent, address=moves.get(intent.address, intent.address))
            for intent in state.unfinished
        ),
        consents={moves.get(a, a): consent for a, consent in state.consents.items()},
    )


def _rename(
    resources: Mapping[Address, Resource], state: State
) -> tuple[State, list[tuple[Address, Address]]]:
    state = _still_said(resources, state)
    # A creation that nobody saw end may have no entry yet; it is renamed all the same.
    started = {intent.address for intent in state.unfinished} | state.consents.keys()
    moves = _moves(resources, state, state.entries.keys() | started)
    circular = {new: old for old, new in moves.items() if old in resources}
    renamed = moved(state, moves)
    entries = {
        a: replace(entry, formerly=(*entry.formerly, circular[a].name)) if a in circular else entry
        for a, entry in renamed.entries.items()
    }
    told = [(old, new) for old, new in moves.items() if old in state.entries]
    return replace(renamed, entries=entries), sorted(told, key=lambda move: move[1])


def _still_said(resources: Mapping[Address, Resource], state: State) -> State:
    """Former names that were taken from another resource count as long as the manifest says so."""
    entries = dict(state.entries)
    for address, entry in state.entries.items():
        said = resources[address].previously if address in resources else entry.formerly
        kept = tuple(name for name in entry.formerly if name in said)
        if kept != entry.formerly:
            entries[address] = replace(entry, formerly=kept)
    return replace(state, entries=entries)


def _moves(
    resources: Mapping[Address, Resource], state: State, known: AbstractSet[Address]
) -> dict[Address, Address]:
    """Old to new address of every rename that can be done.

    Its new address is free, or is moved away from at the same time; its old one is no resource
    any more, or gets another object at the same time.
    """
    wanted: dict[Address, Address] = {}
    for address, resource in sorted(resources.items()):
        entry = state.entries.get(address)
        done = entry.formerly if entry else ()
        olds = (Address(address.kind, name) for name in resource.previously if name not in done)
        for old in olds:
            if old in known and old not in wanted and old != address:
                wanted[old] = address
                break
    while True:
        targets = set(wanted.values())
        bad = [
            old
            for old, new in wanted.items()
            if (new in state.entries and new not in wanted)
            or (old in resources and old not in targets)
        ]
        if not bad:
            return wanted
        for old in bad:
            del wanted[old]


def _relabelled(address: Address, entry: Entry, names: Mapping[tuple[str, str], str]) -> Entry:
    """The entry with new names wherever its last applied spec refers to old ones."""
    applied = dict(entry.applied)
    for path, policy in KINDS[address.kind].fields.items():
        listed = applied.get(path[0])
        if policy.references and isinstance(listed, (list, tuple)):
            applied[path[0]] = [names.get((policy.references, str(i)), i) for i in listed]
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


def _has_its_object(intent: Intent, state: State, snapshot: Snapshot) -> bool:
    """Whether its address owns what it was to create: an object that is there, and isn't the one
    to be superseded."""
    entry = state.entries.get(intent.address)
    live = snapshot.resources.get(intent.address.kind, {})
    return intent.replaces is None and entry is not None and entry.remote_id in live


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
    formerly = before.formerly if before else ()
    return Entry(remote_id=live.remote_id, protect=protect, deposed=deposed, formerly=formerly)
