"""From manifests and a plan's changes to the graph."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Protocol, TypeVar

from reconciler.resources import COMPANY, Address, Change, FieldChange, Path, Spec
from reconciler.views.concerns import matters_of
from reconciler.views.matters import Effect, Matter
from reconciler.views.topology.facts import authority_of, facts_of, scopes_of, texts
from reconciler.views.topology.model import Edge, Mark, Node, NodeKind, Standing, Topology
from reconciler.views.topology.sides import Compared, Sides, sides_of

_ORDER = {kind: position for position, kind in enumerate(NodeKind)}
_Scope = tuple[str, str]
_T = TypeVar("_T", str, _Scope)
_Messages = Mapping[Path, tuple[str, ...]]
_SPACES, _SCOPES = ("spaces",), ("auth", "scopes")
_STILL = (Mark.SAME, Mark.UNCOMPARED)


class Told(Protocol):
    """A plan or its review, as far as a graph needs it."""

    @property
    def desired(self) -> Mapping[Address, Spec]:
        """The manifests' specs."""
        ...

    @property
    def changes(self) -> Sequence[Change]:
        """All changes, refused ones too."""
        ...

    @property
    def as_declared(self) -> frozenset[Address]:
        """What was compared and is as declared."""
        ...

    @property
    def ignored(self) -> Mapping[Address, Sequence[FieldChange]]:
        """The fields that differ and are left alone."""
        ...


def topology_of(told: Told) -> Topology:
    """The graph before and after a plan."""
    compared = Compared(changes=told.changes, as_declared=told.as_declared, ignored=told.ignored)
    return build(told.desired, compared)


def build(desired: Mapping[Address, Spec], compared: Compared | None = None) -> Topology:
    """The graph of what the specs of all manifests declare and, with a plan, of what was before.

    A field that manifests leave out is unknown on both sides, unless the plan tells it.
    """
    listed = list(sides_of(desired, compared))
    wider = {
        sides.address: _wider(matters_of(sides.change, desired)) for sides in listed if sides.change
    }
    placements: list[Edge] = []
    asked: list[tuple[_Scope, Edge]] = []
    for sides in listed:
        if sides.address.kind == "MCPServer":
            messages = wider.get(sides.address, {})
            placements += _placements(sides, messages)
            asked += _scopes(sides, messages)
    spaces = {sides.address.name for sides in listed if sides.address.kind == "Space"}
    nodes = [
        *(_node(sides, wider.get(sides.address, {})) for sides in listed),
        *_others(placements, spaces, Mark.UNCOMPARED if compared is None else Mark.SAME),
        *_scope_nodes(asked),
    ]
    edges = [*placements, *(edge for _scope, edge in asked)]
    return Topology(
        nodes=tuple(sorted(nodes, key=lambda n: (_ORDER[n.kind], n.title.casefold(), n.id))),
        edges=tuple(sorted(edges, key=lambda edge: (edge.source, edge.target))),
        compared=compared is not None,
    )


def _wider(matters: Iterable[Matter]) -> dict[Path, tuple[str, ...]]:
    """In which ways a change lets more people reach more, or agents do more, by field."""
    found: dict[Path, tuple[str, ...]] = {}
    for matter in matters:
        if matter.effect is Effect.LOOSENS:
            found[matter.path] = (*found.get(matter.path, ()), matter.message)
    return found


def _node(sides: Sides, wider: _Messages) -> Node:
    kind = sides.address.kind
    own = (texts for path, texts in wider.items() if path not in (_SPACES, _SCOPES))
    return Node(
        id=_space_id(sides.address.name) if kind == "Space" else f"server:{sides.address.name}",
        kind=NodeKind.SPACE if kind == "Space" else NodeKind.SERVER,
        title=sides.title,
        name=str(sides.address),
        standing=Standing(mark=sides.mark, gate=sides.gate, widens=tuple(chain(*own))),
        before=None if sides.before is None else facts_of(kind, sides.before),
        after=None if sides.after is None else facts_of(kind, sides.after),
    )


def _space_id(label: str) -> str:
    return COMPANY if label == COMPANY else f"space:{label}"


def _placements(server: Sides, wider: _Messages) -> Iterator[Edge]:
    had, gets = (_shown_in(spec) for spec in (server.before, server.after))
    # Who had it with the whole company gets nothing new in a space.
    messages = () if COMPANY in had else wider.get(_SPACES, ())
    for label, mark in _marked(server, had, gets):
        yield _edge(server, _space_id(label), mark, messages)


def _scopes(server: Sides, wider: _Messages) -> Iterator[tuple[_Scope, Edge]]:
    had, gets = (_asked_for(spec) for spec in (server.before, server.after))
    for scope, mark in _marked(server, had, gets):
        yield scope, _edge(server, _scope_id(scope), mark, wider.get(_SCOPES, ()))


def _shown_in(spec: Spec | None) -> frozenset[str]:
    return (spec and texts(spec.get("spaces"))) or frozenset()


def _asked_for(spec: Spec | None) -> frozenset[_Scope]:
    if spec is None:
        return frozenset()
    authority = authority_of(spec)
    return frozenset((authority, scope) for scope in scopes_of(spec) or ())


def _scope_id(scope: _Scope) -> str:
    return f"scope:{scope[0]} {scope[1]}"


def _marked(server: Sides, had: frozenset[_T], gets: frozenset[_T]) -> Iterator[tuple[_T, Mark]]:
    for each in sorted(had | gets):
        if server.mark in _STILL:
            yield each, server.mark
        elif each not in had:
            yield each, Mark.ADDED
        else:
            yield each, Mark.SAME if each in gets else Mark.REMOVED


def _edge(server: Sides, target: str, mark: Mark, wider: tuple[str, ...]) -> Edge:
    standing = Standing(
        mark=mark,
        gate=None if mark in _STILL else server.gate,
        widens=wider if mark is Mark.ADDED else (),
    )
    return Edge(source=f"server:{server.address.name}", target=target, standing=standing)


def _others(placements: Iterable[Edge], spaces: Container[str], mark: Mark) -> Iterator[Node]:
    """The whole company, and spaces that no manifest describes, where a server shows there."""
    for target in sorted({edge.target for edge in placements}):
        label = target.partition(":")[2]
        if target == COMPANY:
            yield Node(
                id=COMPANY,
                kind=NodeKind.COMPANY,
                title="The whole company",
                name="",
                standing=Standing(mark=mark),
            )
        elif label not in spaces:
            yield Node(
                id=target,
                kind=NodeKind.SPACE,
                title=label,
                name=label,
                standing=Standing(mark=mark),
                declared=False,
            )


def _scope_nodes(asked: Iterable[tuple[_Scope, Edge]]) -> Iterator[Node]:
    by_scope: dict[_Scope, list[Edge]] = {}
    for scope, edge in asked:
        by_scope.setdefault(scope, []).append(edge)
    for (authority, text), edges in by_scope.items():
        yield Node(
            id=_scope_id((authority, text)),
            kind=NodeKind.SCOPE,
            title=text,
            name=authority,
            standing=_together([edge.standing for edge in edges]),
        )


def _together(found: list[Standing]) -> Standing:
    """What becomes of a scope by what becomes of those who ask for it."""
    marks = {standing.mark for standing in found}
    mark = marks.pop() if len(marks) == 1 else Mark.SAME
    gates = [standing.gate for standing in found]
    return Standing(mark=mark, gate=gates[0] if all(gates) else None)
