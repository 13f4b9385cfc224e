"""Which live object belongs to which manifest: renames, and creations that nobody saw end.

A creation whose answer was lost is looked for. The platform has no versions, and a list may come
from a replica that lags behind, so that neither what a list shows nor what it lacks is proof:

- An object is taken for ours when it has the identity that was asked for, wasn't there in the lists
  that were read right before, and the platform says that it made it after we asked, and no
  later than it goes on by itself (`GOES_ON`, `TAKES`). All times are the platform's own. One that
  fits, and of which no such time is known, is told of and left alone.
- A creation is given up when a whole list lacks its object and is known to be newer: it shows
  something that the platform did when the creation was over, or it was read `LAGS` after that.
  Until then nothing is made in its place, unless the platform itself refuses a second of its name:
  such a one is asked for once more, and the intent stays open when that is refused.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from reconciler.planning.inputs import Labels
from reconciler.resources import COMPANY, KINDS, Address, LiveResource, Resource, Snapshot
from reconciler.state import Entry, Intent, State

GOES_ON = 30_000
"""Milliseconds for which the platform goes on with a creation that nobody waits for any more."""
TAKES = 180_000
"""Milliseconds in which a creation is over of which nobody knows more: waits and tries count in."""
LAGS = 120_000
"""Milliseconds by which no list is behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """State after looking around.

    `moves` are renames (old, new); `recovered` creations that turned out to have happened;
    `ambiguous` those for which several objects could be the one, or one of which that isn't sure;
    `awaited` those that don't show, while the lists may be older than they are; `blocked` are
    renames (new to old) that can't be done, because a creation at the new address is one of these.
    """

    state: State
    moves: tuple[tuple[Address, Address], ...] = ()
    recovered: tuple[Address, ...] = ()
    ambiguous: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    awaited: Mapping[Address, Intent] = field(default_factory=dict)
    blocked: Mapping[Address, Address] = field(default_factory=dict)


def settle(resources: Mapping[Address, Resource], state: State, snapshot: Snapshot) -> Ownership:
    """Apply `metadata.previously` to state, and look up every unfinished creation."""
    # Before the renames: an address is free for one as soon as nothing was made there.
    state = _without_what_never_happened(state, snapshot)
    state, moves, blocked = _rename(resources, state)
    recovered: list[Address] = []
    ambiguous: dict[Address, tuple[str, ...]] = {}
    awaited: dict[Address, Intent] = {}
    unfinished: list[Intent] = []
    for intent in state.unfinished:
        found = candidates(intent, state, snapshot)
        made = recognised(found, intent)
        if made is not None:
            state = state.put(intent.address, _recovered_entry(intent, state, made))
            recovered.append(intent.address)
        elif found:
            ambiguous[intent.address] = tuple(sorted(live.remote_id for live in found))
            unfinished.append(intent)
        else:
            awaited[intent.address] = intent
            unfinished.append(intent)
    consents = {a: consent for a, consent in state.consents.items() if a in resources}
    return Ownership(
        state=replace(state, unfinished=tuple(unfinished), consents=consents),
        moves=tuple(moves),
        recovered=tuple(recovered),
        ambiguous=ambiguous,
        awaited=awaited,
        blocked=blocked,
    )


def _without_what_never_happened(state: State, snapshot: Snapshot) -> State:
    """Without the intents that came to nothing, and those whose object is owned already."""
    return replace(
        state,
        unfinished=tuple(
            intent
            for intent in state.unfinished
            if not owns_its_object(intent, state, snapshot)
            and (candidates(intent, state, snapshot) or not is_newer(snapshot, intent))
        ),
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
) -> tuple[State, list[tuple[Address, Address]], dict[Address, Address]]:
    state = _still_said(resources, state)
    # A creation that nobody saw end may have no entry yet; it is renamed all the same.
    started = {intent.address for intent in state.unfinished} | state.consents.keys()
    moves, blocked = _moves(resources, state, state.entries.keys() | started)
    circular = {new: old for old, new in moves.items() if old in resources}
    renamed = moved(state, moves)
    entries = {
        a: replace(entry, formerly=(*entry.formerly, circular[a].name)) if a in circular else entry
        for a, entry in renamed.entries.items()
    }
    told = [(old, new) for old, new in moves.items() if old in state.entries]
    told.sort(key=lambda move: move[1])
    return replace(renamed, entries=entries), told, blocked


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
) -> tuple[dict[Address, Address], dict[Address, Address]]:
    """Old to new address of every rename that can be done; new to old of those that are blocked.

    Its new address is free, or is moved away from at the same time; its old one is no resource
    any more, or gets another object at the same time. What a creation under way at the new address
    makes would be nobody's, which blocks it.
    """
    open_at = {intent.address for intent in state.unfinished}
    blocked: dict[Address, Address] = {}
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
            if ((new in state.entries or new in open_at) and new not in wanted)
            or (old in resources and old not in targets)
        ]
        if not bad:
            return wanted, blocked
        for old in bad:
            new = wanted.pop(old)
            if new in open_at and new not in state.entries and old in state.entries:
                blocked[new] = old


def _relabelled(address: Address, entry: Entry, names: Mapping[tuple[str, str], str]) -> Entry:
    """The entry with new names wherever its last applied spec refers to old ones."""
    applied = dict(entry.applied)
    for path, policy in KINDS[address.kind].fields.items():
        listed = applied.get(path[0])
        if policy.references and isinstance(listed, (list, tuple)):
            applied[path[0]] = [names.get((policy.references, str(i)), i) for i in listed]
    return replace(entry, applied=applied) if applied != entry.applied else entry


def fitting(intent: Intent, state: State, snapshot: Snapshot) -> tuple[LiveResource, ...]:
    """Live objects that are nobody's, and have the identity that `intent` asks for."""
    owners = state.owners()
    kind = intent.address.kind
    return tuple(
        live
        for remote_id, live in snapshot.resources.get(kind, {}).items()
        if (kind, remote_id) not in owners and _fits(live, intent)
    )


def candidates(intent: Intent, state: State, snapshot: Snapshot) -> tuple[LiveResource, ...]:
    """Those of them that `intent` may have created: not there before, nor made at another time."""
    return tuple(
        live
        for live in fitting(intent, state, snapshot)
        if live.remote_id not in intent.known and not _made_at_another_time(live, intent)
    )


def is_newer(snapshot: Snapshot, intent: Intent) -> bool:
    """Whether what the lists lack was not created by `intent`.

    An intent without a time is one of an earlier version, or of a platform that tells none: the
    runs wait before they look (`workflows/patience.py`), and then a whole list is all there is.
    """
    kind = intent.address.kind
    if kind not in snapshot.complete:
        return False
    if intent.asked is None:
        return True
    over = over_at(intent, intent.asked)
    if snapshot.at is not None and snapshot.at >= over + LAGS:
        return True
    times = (
        max(each.created or 0, each.changed or 0) for each in snapshot.resources[kind].values()
    )
    return any(moment >= over for moment in times)


def over_at(intent: Intent, asked: int) -> int:
    """When nothing comes of the creation any more, in milliseconds by the platform's clock."""
    return asked + TAKES if intent.lost is None else intent.lost + GOES_ON


def _made_at_another_time(live: LiveResource, intent: Intent) -> bool:
    if intent.asked is None:
        return False
    if live.created is not None:
        return not intent.asked <= live.created <= over_at(intent, intent.asked)
    return live.changed is not None and live.changed < intent.asked


def recognised(found: Sequence[LiveResource], intent: Intent) -> LiveResource | None:
    """The one candidate of which its time says that `intent` made it; None if that isn't sure.

    A broken object has no time of creation, only one before which it must have been made.
    """
    if len(found) != 1 or intent.asked is None:
        return None
    live = found[0]
    dated = live.created is not None or (live.broken and live.changed is not None)
    return live if dated else None


def owns_its_object(intent: Intent, state: State, snapshot: Snapshot) -> bool:
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
