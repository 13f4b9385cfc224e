"""Which change waits for which."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from reconciler.diagnostics import Code, Diagnostic
from reconciler.graph import order
from reconciler.resources import KINDS, Action, Address, Change, Gate, Refusal

_RANK = {kind: position for position, kind in enumerate(KINDS)}
_FIRST = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)


def ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes with `depends_on` filled in, each after those; cycles are refused."""
    by_address = {change.address: change for change in sorted(changes, key=_natural)}
    needs: dict[Address, set[Address]] = {address: set() for address in by_address}
    for change in by_address.values():
        for before, after in _edges(change, by_address):
            needs[after].add(before)
    for before, after in _handovers(by_address.values()):
        needs[after].add(before)
    result = order(by_address, needs)
    members = _circle(result.cyclic, needs)
    waiting = order((a for a in by_address if a in result.cyclic - set(members)), needs).ordered
    return (
        *(_with_needs(by_address[address], needs[address]) for address in result.ordered),
        *(_in_cycle(by_address[address], members) for address in members),
        *(_with_needs(by_address[address], needs[address]) for address in waiting),
    )


def _circle(cyclic: frozenset[Address], needs: Mapping[Address, set[Address]]) -> list[Address]:
    """Those of `cyclic` that somebody in it waits for: without who merely waits for the rest."""
    left = set(cyclic)
    while idle := left - {need for address in left for need in needs[address]}:
        left -= idle
    return sorted(left)


def hold_back_dependants(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Refuse every change that waits for a refused one; `changes` come in order."""
    refused: set[Address] = set()
    held: list[Change] = []
    for change in changes:
        blockers = [a for a in change.depends_on if a in refused]
        if blockers and change.refusal is None:
            change = replace(change, refusal=_waiting(change, blockers))  # noqa: PLW2901
        if change.refusal is not None:
            refused.add(change.address)
        held.append(change)
    return tuple(held)


def _natural(change: Change) -> tuple[int, int, str]:
    rank = _RANK[change.address.kind]
    if change.action is Action.DELETE:
        rank = len(_RANK) - rank
    return (_FIRST.index(change.action) // 3, rank, change.address.name)


def _edges(change: Change, changes: Mapping[Address, Change]) -> Iterable[tuple[Address, Address]]:
    """(before, after) between a change and those of the resources that it refers to.

    A resource enters what it refers to after that is made or tightened, and leaves it before
    that is deleted or opened: nobody sees more than the manifests say, not even for a moment.
    """
    kind = KINDS[change.address.kind]
    referenced = {policy.references for policy in kind.fields.values() if policy.references}
    before, after = _placements(change)
    fresh = change.action in (Action.CREATE, Action.REPLACE)
    for other_kind in referenced:
        for label in before - after:
            other = changes.get(Address(other_kind, label))
            if other and (other.action is Action.DELETE or _opens(other)):
                yield change.address, other.address
        for label in after if fresh else after - before:
            other = changes.get(Address(other_kind, label))
            if other and other.action is not Action.DELETE:
                yield other.address, change.address
            elif other:  # a replace carries over where the old object was
                yield change.address, other.address


def _placements(change: Change) -> tuple[frozenset[str], frozenset[str]]:
    """Labels of what the resource refers to before and after the change."""
    kind = KINDS[change.address.kind]
    by_id = {remote_id: label for label, remote_id in change.links.items()}
    before: set[str] = set()
    if change.live is not None:
        for path, policy, value in kind.leaves(change.live.spec):
            if policy.references and len(path) == 1:
                before |= {by_id.get(str(item), str(item)) for item in value}
    if change.desired is None:
        return frozenset(before), frozenset()
    wanted = kind.references(change.desired.spec)
    managed = any(
        policy.references and path[0] in change.desired.spec for path, policy in kind.fields.items()
    )
    after = {address.name for address in wanted} if managed else before
    return frozenset(before), frozenset(after)


def _opens(change: Change) -> bool:
    return any(f.path == ("access",) and f.after == "open" for f in change.fields)


def _handovers(changes: Iterable[Change]) -> Iterable[tuple[Address, Address]]:
    """(who frees a name, who takes it): names are unique on the platform."""
    listed = list(changes)
    freed: dict[tuple[str, str], Address] = {}
    for change in listed:
        if change.live and (change.action is Action.DELETE or change.changes(("displayName",))):
            freed[change.address.kind, _name(change, change.live.title)] = change.address
    for change in listed:
        takes = change.action is Action.CREATE or change.changes(("displayName",))
        if change.desired is None or not takes or "displayName" not in change.desired.spec:
            continue
        owner = freed.get((change.address.kind, _name(change, change.title)))
        if owner is not None and owner != change.address:
            yield owner, change.address


def _name(change: Change, title: str) -> str:
    return KINDS[change.address.kind].name_key(title)


def _with_needs(change: Change, needs: set[Address]) -> Change:
    return replace(change, depends_on=tuple(sorted(needs)))


def _in_cycle(change: Change, members: list[Address]) -> Change:
    names = ", ".join(str(address) for address in members)
    diagnostic = Diagnostic(
        code=Code.DEPENDENCY_CYCLE,
        message=f"these changes wait for each other: {names}",
        span=change.span,
        notes=("names are unique in a workspace, so two resources can't swap them in one apply",),
        help=(
            "to keep an object under a new `metadata.name`, give the old in `metadata.previously`",
            "to swap names, give one of them a third name first, apply, then the one you want",
        ),
        address=str(change.address),
    )
    return replace(change, refusal=Refusal(gate=Gate.CYCLE, diagnostic=diagnostic))


def _waiting(change: Change, blockers: list[Address]) -> Refusal:
    names = ", ".join(str(address) for address in blockers)
    diagnostic = Diagnostic(
        code=Code.REFUSED_DEPENDENCY,
        message=f"{change.address} waits for {names}, which is refused",
        span=change.span,
        address=str(change.address),
    )
    return Refusal(gate=Gate.DEPENDENCY, diagnostic=diagnostic)
