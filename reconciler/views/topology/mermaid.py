"""The graph as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html)."""

import re
from collections.abc import Iterator

from reconciler.diagnostics import printable
from reconciler.views.topology.identifiers import identifiers
from reconciler.views.topology.model import Edge, Mark, Node, NodeKind, Side, Standing, Topology
from reconciler.views.topology.wording import COLUMNS, lines, on_edge, remarks, sign

# What can't mean anything in a quoted label, which Mermaid reads as Markdown and searches for
# directives, entities and icons; all else becomes the code of a character.
_MEANINGFUL = re.compile(
    r"(?<=[A-Za-z0-9])-(?=[A-Za-z0-9])"
    r"|(?<=[A-Za-z0-9]):(?= )"
    r"|(?<=[A-Za-z0-9])(?<!w)\.(?=[A-Za-z0-9])"
    r"|([^A-Za-z0-9 ,()/\u00a1-\ud7ff\uf900-\ufffc\U00010000-\U0010ffff])",
    re.IGNORECASE,
)
# Looked for when the codes are characters again: icons, and formulas. Kept apart, unseen.
_LATE = re.compile(r"(fa[a-z]?:)(?=fa-)|(\$)(?=\$)", re.IGNORECASE)
_JOINER = "\N{WORD JOINER}"

_SHAPES = {
    NodeKind.COMPANY: ("([", "])"),
    NodeKind.SPACE: ("(", ")"),
    NodeKind.SERVER: ("[", "]"),
    NodeKind.SCOPE: ("[/", "/]"),
}
_CLASSES = {
    "added": "stroke:#1a7f37,stroke-width:2px",
    "removed": "stroke:#b3261e,stroke-width:2px,stroke-dasharray:6 4",
    "changed": "stroke:#8a5a00,stroke-width:2px",
    "refused": "stroke:#6b2fa0,stroke-width:2px,stroke-dasharray:2 3",
}


def mermaid(topology: Topology, side: Side) -> str:
    """The text of the flowchart; equal graphs give equal text, and no name can break out of it."""
    drawn = topology.on(side)
    ids = identifiers(drawn)
    out = ["flowchart LR"]
    for title, kinds in COLUMNS.items():
        column = [node for node in drawn.nodes if node.kind in kinds]
        if column:
            out.append(f'  subgraph {title.lower().replace(" ", "_")}["{title}"]')
            out += [
                f"    {ids[node.id]}{_shape(node, side, compared=drawn.compared)}"
                for node in column
            ]
            out.append("  end")
    out += [f"  {_edge(edge, ids, side)}" for edge in drawn.edges]
    return "\n".join([*out, *_classes(drawn, ids, side)]) + "\n"


def escaped(text: str) -> str:
    """Text for a quoted label: every character that Mermaid could read as its own, as a code."""
    kept_apart = _LATE.sub(lambda match: match[0] + _JOINER, printable(text))
    return _MEANINGFUL.sub(lambda match: f"#{ord(match[1])};" if match[1] else match[0], kept_apart)


def _shape(node: Node, side: Side, *, compared: bool) -> str:
    opening, closing = _SHAPES[node.kind]
    heading = node.title
    if side is not Side.BEFORE and sign(node.standing):
        heading = f"{sign(node.standing)} {heading}"
    told = lines(node, side, compared=compared)
    if side is not Side.BEFORE:
        told += remarks(node.standing)
    text = "<br/>".join(escaped(each) for each in (heading, *told))
    return f'{opening}"{text}"{closing}'


def _edge(edge: Edge, ids: dict[str, str], side: Side) -> str:
    server, other = ids[edge.source], ids[edge.target]
    standing = edge.standing
    told = "" if side is Side.BEFORE else on_edge(standing)
    label = f'|"{escaped(told)}"|' if told else ""
    if edge.target.startswith("scope:"):
        return f"{server} {_line(standing, side, '-->', '==>', '-.->')}{label} {other}"
    # The space first, for the columns: a line from it to the server, not an arrow.
    return f"{other} {_line(standing, side, '---', '===', '-.-')}{label} {server}"


def _line(standing: Standing, side: Side, usual: str, thick: str, dotted: str) -> str:
    if side is Side.BEFORE:
        return usual
    if standing.gate is not None or standing.mark is Mark.REMOVED:
        return dotted
    return thick if standing.mark is Mark.ADDED else usual


def _classes(topology: Topology, ids: dict[str, str], side: Side) -> Iterator[str]:
    if side is Side.BEFORE:
        return
    members: dict[str, list[str]] = {}
    for node in topology.nodes:
        word = "refused" if node.standing.gate is not None else node.standing.mark.value
        members.setdefault(word, []).append(ids[node.id])
    for word, style in _CLASSES.items():
        if word in members:
            yield f"  classDef {word} {style}"
            yield f"  class {','.join(members[word])} {word}"
