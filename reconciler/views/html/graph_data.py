"""The graph as the page draws it: nodes and edges with their words for each side."""

from typing import Any

from reconciler.views.review import Outcome, Review
from reconciler.views.topology import (
    Edge,
    Node,
    NodeKind,
    Side,
    Topology,
    build,
    lines,
    status,
    topology_of,
)

_COLUMNS = {NodeKind.COMPANY: 0, NodeKind.SPACE: 0, NodeKind.SERVER: 1, NodeKind.SCOPE: 2}


def graph_data(review: Review) -> dict[str, Any]:
    """The graph before and after what the review is about; manifests alone have no before."""
    topology = build(review.desired) if review.outcome is Outcome.VALID else topology_of(review)
    return {
        "compared": topology.compared,
        "nodes": [_node(node, topology) for node in topology.nodes],
        "edges": [_edge(edge) for edge in topology.edges],
    }


def _node(node: Node, topology: Topology) -> dict[str, Any]:
    standing = node.standing
    return {
        "id": node.id,
        "kind": node.kind.value,
        "column": _COLUMNS[node.kind],
        "title": node.title,
        "name": node.name,
        "mark": standing.mark.value,
        "gate": standing.gate and standing.gate.value,
        "status": status(standing),
        "widens": list(standing.widens),
        "on": [side.value for side in Side if standing.on(side)],
        "lines": {
            side.value: lines(node, side, compared=topology.compared)
            for side in Side
            if standing.on(side)
        },
    }


def _edge(edge: Edge) -> dict[str, Any]:
    standing = edge.standing
    return {
        "source": edge.source,
        "target": edge.target,
        "mark": standing.mark.value,
        "gate": standing.gate and standing.gate.value,
        "status": status(standing),
        "widens": list(standing.widens),
        "on": [side.value for side in Side if standing.on(side)],
    }
