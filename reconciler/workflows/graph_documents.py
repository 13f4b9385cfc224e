"""What `graph` prints as JSON."""

from typing import Literal

from reconciler.resources import Gate
from reconciler.views.topology import Mark, NodeKind, Side
from reconciler.workflows.document_parts import Part


class SpaceFactsDocument(Part):
    """A space at one time; null for what isn't managed."""

    access: str | None
    members: int | None
    groups: list[str] | None


class ServerFactsDocument(Part):
    """A server at one time; null for what isn't managed.

    `tools` gives each tool's stake, or `disabled`; `default` stands for every tool not named.
    Where `spacesKnown` or `scopesKnown` is false, a missing edge says nothing.
    """

    auth: str | None
    credentials: str | None
    tools: dict[str, str | None]
    spaces_known: bool
    scopes_known: bool


class _Standing(Part):
    mark: Mark
    gate: Gate | None
    widens: list[str]


class NodeDocument(_Standing):
    """A space, a server, a scope, or the whole company.

    `name` is a resource's address, the host that a scope is asked for at, or a remote id.
    `before` and `after` are null where it isn't there, and for scopes.
    """

    id: str
    kind: NodeKind
    title: str
    name: str
    declared: bool
    before: SpaceFactsDocument | ServerFactsDocument | None
    after: SpaceFactsDocument | ServerFactsDocument | None


class EdgeDocument(_Standing):
    """From a server to a space that it shows in, to the whole company, or to a scope."""

    source: str
    target: str


class GraphDocument(Part):
    """What `graph --output json` prints.

    `mark` is what the plan wants of a node or an edge; with a `gate` it is refused and doesn't
    happen. Without a plan nothing is compared.
    """

    format: Literal["reconciler.graph/v1"]
    side: Side
    compared: bool
    nodes: list[NodeDocument]
    edges: list[EdgeDocument]
