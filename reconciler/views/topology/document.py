"""The graph as JSON (`schemas/graph.schema.json`)."""

from typing import Any

from reconciler.views.topology.model import (
    Edge,
    Facts,
    Node,
    ServerFacts,
    Side,
    SpaceFacts,
    Standing,
    Topology,
)


def graph_json(topology: Topology, side: Side) -> dict[str, Any]:
    """What is drawn on that side, as JSON."""
    drawn = topology.on(side)
    return {
        "format": "reconciler.graph/v1",
        "side": side.value,
        "compared": drawn.compared,
        "nodes": [_node(node) for node in drawn.nodes],
        "edges": [_edge(edge) for edge in drawn.edges],
    }


def _node(node: Node) -> dict[str, Any]:
    return {
        "id": node.id,
        "kind": node.kind.value,
        "title": node.title,
        "name": node.name,
        "declared": node.declared,
        **_standing(node.standing),
        "before": _facts(node.before),
        "after": _facts(node.after),
    }


def _edge(edge: Edge) -> dict[str, Any]:
    return {"source": edge.source, "target": edge.target, **_standing(edge.standing)}


def _standing(standing: Standing) -> dict[str, Any]:
    return {
        "mark": standing.mark.value,
        "gate": standing.gate and standing.gate.value,
        "widens": list(standing.widens),
    }


def _facts(facts: Facts | None) -> dict[str, Any] | None:
    match facts:
        case None:
            return None
        case SpaceFacts():
            groups = facts.groups
            return {
                "access": facts.access,
                "members": facts.members,
                "groups": None if groups is None else list(groups),
            }
        case ServerFacts():
            return {
                "auth": facts.auth,
                "credentials": facts.credentials,
                "tools": dict(facts.tools),
                "spacesKnown": facts.placed,
                "scopesKnown": facts.scoped,
            }
