"""The graph in the DOT language of Graphviz (https://graphviz.org/doc/info/lang.html)."""

from collections.abc import Iterator, Mapping

from reconciler.diagnostics import printable
from reconciler.views.topology.identifiers import identifiers
from reconciler.views.topology.model import Edge, Mark, Node, NodeKind, Side, Standing, Topology
from reconciler.views.topology.wording import COLUMNS, lines, on_edge, remarks, sign

# Labels are read as escape sequences and as HTML entities, even in plain quotes.
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "&": "&amp;"})

_SHAPES = {
    NodeKind.COMPANY: 'shape="box", style="rounded,bold"',
    NodeKind.SPACE: 'shape="box", style="rounded"',
    NodeKind.SERVER: 'shape="box"',
    NodeKind.SCOPE: 'shape="note"',
}
_COLOURS = {
    Mark.ADDED: "#1a7f37",
    Mark.REMOVED: "#b3261e",
    Mark.CHANGED: "#8a5a00",
    Mark.SAME: "#6b6b6b",
    Mark.UNCOMPARED: "#6b6b6b",
}
_REFUSED = "#6b2fa0"


def dot(topology: Topology, side: Side) -> str:
    """The text of the graph; equal graphs give equal text, and no name can break out of it."""
    drawn = topology.on(side)
    ids = identifiers(drawn)
    out = [
        "digraph reconciler {",
        '  graph [rankdir="LR", fontname="sans-serif", nodesep="0.15", ranksep="1.5"]',
        '  node [fontname="sans-serif", fontsize="11"]',
        '  edge [fontname="sans-serif", fontsize="9", arrowsize="0.7"]',
    ]
    for title, kinds in COLUMNS.items():
        column = [node for node in drawn.nodes if node.kind in kinds]
        if column:
            out.append(f'  subgraph "cluster {title}" {{')
            out.append(f'    label="{title}"; color="#d0d0d0"')
            out += [
                f"    {ids[node.id]} [{_node(node, side, compared=drawn.compared)}]"
                for node in column
            ]
            out.append("  }")
    out += [f"  {_edge(edge, ids, side)}" for edge in drawn.edges]
    return "\n".join([*out, "}"]) + "\n"


def escaped(text: str) -> str:
    """Text for a double-quoted label."""
    return printable(text).translate(_ESCAPES)


def _attributes(values: Mapping[str, str]) -> str:
    return ", ".join(f'{name}="{value}"' for name, value in values.items())


def _node(node: Node, side: Side, *, compared: bool) -> str:
    heading = node.title
    told = lines(node, side, compared=compared)
    if side is not Side.BEFORE:
        heading = f"{sign(node.standing)} {heading}".strip()
        told += remarks(node.standing)
    label = "\\n".join(escaped(each) for each in (heading, *told))
    values = {"label": label, **_look(node.standing, side)}
    return f"{_SHAPES[node.kind]}, {_attributes(values)}"


def _edge(edge: Edge, ids: Mapping[str, str], side: Side) -> str:
    standing = edge.standing
    told = "" if side is Side.BEFORE else on_edge(standing)
    look = _look(standing, side)
    look |= {"fontcolor": look["color"], **dict(_strokes(standing, side))}
    if told:
        look["label"] = escaped(told)
    ends = (ids[edge.source], ids[edge.target])
    if not edge.target.startswith("scope:"):  # ranks go from spaces to servers to scopes
        ends, look = (ends[1], ends[0]), {**look, "dir": "back"}
    return f"{ends[0]} -> {ends[1]} [{_attributes(look)}]"


def _look(standing: Standing, side: Side) -> dict[str, str]:
    if side is Side.BEFORE:
        return {"color": _COLOURS[Mark.SAME]}
    return {"color": _REFUSED if standing.gate is not None else _COLOURS[standing.mark]}


def _strokes(standing: Standing, side: Side) -> Iterator[tuple[str, str]]:
    if side is Side.BEFORE:
        return
    if standing.gate is not None:
        yield "style", "dotted"
    elif standing.mark is Mark.REMOVED:
        yield "style", "dashed"
    elif standing.mark is Mark.ADDED:
        yield "penwidth", "2"
