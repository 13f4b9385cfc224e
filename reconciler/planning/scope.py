"""A part of a plan: what is wanted, what that needs, and what is left out with what it needs."""

from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from reconciler.resources import Address, Change, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What the caller asked for; without `targets`, everything."""

    targets: frozenset[Address] = frozenset()
    excludes: frozenset[Address] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.targets or self.excludes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """What a scope came to, told of addresses that have a change.

    `along` are (taken along, who needs it), `left_out` are (left out, what it needs that is left
    out); `others` counts the changes that nobody asked for.
    """

    scope: Scope
    along: tuple[tuple[Address, Address], ...] = ()
    left_out: tuple[tuple[Address, Address], ...] = ()
    others: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The addresses of a part; `partial` is None when the part is everything."""

    changes: tuple[Change, ...]
    partial: Partial | None = None
    addresses: frozenset[Address] = frozenset()

    def __contains__(self, address: Address) -> bool:
        return self.partial is None or address in self.addresses


def select(
    scope: Scope,
    changes: tuple[Change, ...],
    resources: Mapping[Address, Resource],
    owned: Collection[Address],
) -> Selection:
    """The part of `changes` that `scope` asks for.

    A target takes along what its manifest refers to and what its change waits for; whatever
    refers to, or waits for, an excluded address is left out as well, be it a target or not.
    """
    if not scope:
        return Selection(changes=changes)
    needs = _needs(changes, resources)
    everything = {*needs, *owned}
    out = _reach(scope.excludes, _reversed(needs))
    wanted = scope.targets or everything
    chosen = {a: why for a, why in _reach(wanted - out.keys(), needs).items() if a in everything}
    kept = tuple(change for change in changes if change.address in chosen)
    missing = [change.address for change in changes if change.address not in chosen]
    return Selection(
        changes=kept,
        addresses=frozenset(chosen),
        partial=Partial(
            scope=scope,
            along=_told((c.address for c in kept), chosen),
            left_out=_told(missing, out),
            others=sum(address not in out for address in missing),
        ),
    )


def _needs(
    changes: Iterable[Change], resources: Mapping[Address, Resource]
) -> dict[Address, set[Address]]:
    needs = {
        address: set(resource.kind.references(resource.spec))
        for address, resource in resources.items()
    }
    for change in changes:
        needs.setdefault(change.address, set()).update(change.depends_on)
    return needs


def _reversed(needs: Mapping[Address, AbstractSet[Address]]) -> dict[Address, set[Address]]:
    turned: dict[Address, set[Address]] = {}
    for address, needed in needs.items():
        for other in needed:
            turned.setdefault(other, set()).add(address)
    return turned


def _reach(
    start: Iterable[Address], edges: Mapping[Address, AbstractSet[Address]]
) -> dict[Address, Address | None]:
    """All that can be reached, each with where it was reached from; None for the start itself."""
    found: dict[Address, Address | None] = dict.fromkeys(sorted(start))
    queue = list(found)
    for address in queue:
        for other in sorted(edges.get(address, ())):
            if other not in found:
                found[other] = address
                queue.append(other)
    return found


def _told(
    addresses: Iterable[Address], reached: Mapping[Address, Address | None]
) -> tuple[tuple[Address, Address], ...]:
    pairs = ((address, reached.get(address)) for address in sorted(addresses))
    return tuple((address, why) for address, why in pairs if why is not None)
