"""From resources and a plan's changes to the graph."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from reconciler.resources import COMPANY, Address, Resource, Spec
from reconciler.views.topology import widening
from reconciler.views.topology.facts import authority_of, facts_of, scopes_of, texts
from reconciler.views.topology.model import Edge, Mark, Node, NodeKind, Standing, Topology
from reconciler.views.topology.sides import Compared, Sides, sides_of

_ORDER = {kind: position for position, kind in enumerate(NodeKind)}
_Scope = tuple[str, str]
_T = TypeVar("_T", str, _Scope)
_STILL = (Mark.SAME, Mark.UNCOMPARED)


def build(resources: Mapping[Address, Resource], compared: Compared | None = None) -> Topology:
    """The graph of what `resources` declare and, when a plan compared them, of what was before.

    A field that manifests leave out is unknown on both sides, unless the plan tells it.
    """
    listed = list(sides_of(resources, compared))
    servers = [sides for sides in listed if sides.address.kind == "MCPServer"]
    spaces = {sides.address.name: sides for sides in listed if sides.address.kind == "Space"}
    placements = [edge for server in servers for edge in _placements(server, spaces)]
    asked = [(scope, edge) for server in servers for scope, edge in _scopes(server)]
    nodes = [
        *(_node(sides) for sides in listed),
        *_others(placements, spaces),
        *_scope_nodes(asked),
    ]
    edges = [*placements, *(edge for _scope, edge in asked)]
    return Topology(
        nodes=tuple(sorted(nodes, key=lambda n: (_ORDER[n.kind], n.title.casefold(), n.id))),
        edges=tuple(sorted(edges, key=lambda edge: (edge.source, edge.target))),
        compared=compared is not None,
    )


def _node(sides: Sides) -> Node:
    kind = sides.address.kind
    before = None if sides.before is None else facts_of(kind, sides.before)
    after = None if sides.after is None else facts_of(kind, sides.after)
    still = sides.mark in _STILL
    return Node(
        id=_space_id(sides.address.name) if kind == "Space" else f"server:{sides.address.name}",
        kind=NodeKind.SPACE if kind == "Space" else NodeKind.SERVER,
        title=sides.title,
        name=str(sides.address),
        standing=Standing(
            mark=sides.mark,
            gate=sides.gate,
            widens=() if still else widening.of_node(sides, before, after),
        ),
        before=before,
        after=after,
    )


def _space_id(label: str) -> str:
    return COMPANY if label == COMPANY else f"space:{label}"


def _placements(server: Sides, spaces: Mapping[str, Sides]) -> Iterator[Edge]:
    had, gets = (_shown_in(spec) for spec in (server.before, server.after))
    for label, mark in _marked(server, had, gets):
        space = spaces.get(label)
        is_open = space is not None and (space.after or {}).get("access") == "open"
        wider = (
            widening.of_placement(server, label, is_open=is_open) if mark is Mark.ADDED else None
        )
        yield _edge(server, _space_id(label), mark, wider)


def _scopes(server: Sides) -> Iterator[tuple[_Scope, Edge]]:
    had, gets = (_asked_for(spec) for spec in (server.before, server.after))
    for scope, mark in _marked(server, had, gets):
        wider = widening.of_scope(server) if mark is Mark.ADDED else None
        yield scope, _edge(server, _scope_id(scope), mark, wider)


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


def _edge(server: Sides, target: str, mark: Mark, wider: str | None) -> Edge:
    gate = None if mark in _STILL else server.gate
    standing = Standing(mark=mark, gate=gate, widens=(wider,) if wider else ())
    return Edge(source=f"server:{server.address.name}", target=target, standing=standing)


def _others(placements: Iterable[Edge], spaces: Mapping[str, Sides]) -> Iterator[Node]:
    """The whole company, and spaces that no manifest describes, where a server shows there."""
    for target in sorted({edge.target for edge in placements}):
        label = target.partition(":")[2]
        if target == COMPANY:
            yield Node(
                id=COMPANY,
                kind=NodeKind.COMPANY,
                title="The whole company",
                name="",
                standing=Standing(mark=Mark.SAME),
            )
        elif label not in spaces:
            yield Node(
                id=target,
                kind=NodeKind.SPACE,
                title=label,
                name=label,
                standing=Standing(mark=Mark.SAME),
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
