"""The graph of a workspace: who sees which server, and what each server may do elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.resources import Gate


class NodeKind(StrEnum):
    """What a node stands for, in the order of the columns."""

    COMPANY = "company"
    SPACE = "space"
    SERVER = "server"
    SCOPE = "scope"


class Mark(StrEnum):
    """What the plan does to a node or an edge; uncompared is what no plan has looked at."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    SAME = "same"
    UNCOMPARED = "uncompared"


class Side(StrEnum):
    """Which graph is drawn: the workspace as it was read, as it will be, or both in one."""

    BEFORE = "before"
    AFTER = "after"
    DIFF = "diff"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceFacts:
    """A space at one time; None for what manifests leave out and the plan doesn't tell."""

    access: str | None = None
    members: int | None = None
    groups: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """A server at one time; None for what manifests leave out and the plan doesn't tell.

    `tools` gives for each tool its stake, `disabled`, or None when its stake isn't managed; in
    it, `default` stands for every tool that isn't named. `placed` and `scoped` say whether its
    spaces and its scopes are known: only then is a missing edge an absence.
    """

    auth: str | None = None
    credentials: str | None = None
    tools: Mapping[str, str | None] = field(default_factory=dict)
    placed: bool = False
    scoped: bool = False


Facts = SpaceFacts | ServerFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What becomes of a node or an edge.

    `mark` is what the plan wants; with a `gate` it is refused and doesn't happen. `widens` are
    the ways in which more people reach more, or agents may do more, if it happens.
    """

    mark: Mark
    gate: Gate | None = None
    widens: tuple[str, ...] = ()

    def on(self, side: Side) -> bool:
        """Whether it is drawn on that side; what is refused stays in sight."""
        match side:
            case Side.BEFORE:
                return self.mark is not Mark.ADDED
            case Side.AFTER:
                return self.mark is not Mark.REMOVED or self.gate is not None
            case Side.DIFF:
                return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A space, a server, a scope, or the whole company.

    `name` is the address of a resource, else where the scope is asked for, or a remote id.
    `declared` is whether a manifest or the state describes it.
    """

    id: str
    kind: NodeKind
    title: str
    name: str
    standing: Standing
    before: Facts | None = None
    after: Facts | None = None
    declared: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """From a server to where it shows, or to a scope that it asks for."""

    source: str
    target: str
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """Nodes by kind, title and id, edges by their ends; `compared` is whether there is a before."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    compared: bool

    def on(self, side: Side) -> "Topology":
        """What is drawn on that side."""
        nodes = tuple(node for node in self.nodes if node.standing.on(side))
        kept = {node.id for node in nodes}
        edges = tuple(
            edge
            for edge in self.edges
            if edge.standing.on(side) and edge.source in kept and edge.target in kept
        )
        return Topology(nodes=nodes, edges=edges, compared=self.compared)
