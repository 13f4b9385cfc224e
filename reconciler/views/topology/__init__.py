"""Topology: the graph of spaces, servers and scopes, before and after a plan. Pure."""

from reconciler.views.topology.building import build, topology_of
from reconciler.views.topology.document import graph_json
from reconciler.views.topology.dot import dot
from reconciler.views.topology.mermaid import mermaid
from reconciler.views.topology.model import (
    Edge,
    Mark,
    Node,
    NodeKind,
    ServerFacts,
    Side,
    SpaceFacts,
    Standing,
    Topology,
)
from reconciler.views.topology.sides import Compared
from reconciler.views.topology.wording import lines, status

__all__ = [
    "Compared",
    "Edge",
    "Mark",
    "Node",
    "NodeKind",
    "ServerFacts",
    "Side",
    "SpaceFacts",
    "Standing",
    "Topology",
    "build",
    "dot",
    "graph_json",
    "lines",
    "mermaid",
    "status",
    "topology_of",
]
