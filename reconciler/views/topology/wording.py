"""The words for nodes and edges, the same in every drawing."""

from collections.abc import Iterator, Mapping

from reconciler.diagnostics import count
from reconciler.views.topology.model import (
    Facts,
    Mark,
    Node,
    NodeKind,
    ServerFacts,
    Side,
    SpaceFacts,
    Standing,
)

COLUMNS: Mapping[str, tuple[NodeKind, ...]] = {
    "Spaces": (NodeKind.COMPANY, NodeKind.SPACE),
    "Servers": (NodeKind.SERVER,),
    "OAuth scopes": (NodeKind.SCOPE,),
}
SIGNS = {Mark.ADDED: "+", Mark.REMOVED: "-", Mark.CHANGED: "~"}

_ACCESS = {"open": "open to everybody", "restricted": "restricted"}
_AUTH = {
    "none": "no sign-in",
    "bearer": "one bearer token for all",
    "automatic": "OAuth",
    "static-oauth": "OAuth with an own app",
}
_CREDENTIALS = {"workspace": "one shared sign-in", "personal": "each person signs in"}
_LEADS = {"tools": "tools: "}
_HELD_BACK = {Mark.ADDED: "not added", Mark.REMOVED: "not removed", Mark.CHANGED: "not changed"}


def lines(node: Node, side: Side, *, compared: bool) -> list[str]:
    """What is known of a node on that side, a phrase a line; changes as `before → after`.

    `compared` is whether a plan stands behind the graph: it may leave the node out.
    """
    if node.kind is NodeKind.SCOPE:
        return [node.name] if node.name else []
    if not node.declared:
        return ["not described by any manifest"]
    before, after = _phrases(node.before), _phrases(node.after)
    if node.standing.mark is Mark.UNCOMPARED:
        told = _told(after)
        return ["no part of this plan", *told] if compared else told
    happens = node.standing.gate is None or node.before is None
    match side:
        case Side.BEFORE:
            return _told(before)
        case Side.AFTER:
            return _told(after if happens else before)
        case Side.DIFF:
            return list(_both(before, after))


def status(standing: Standing) -> str:
    """What becomes of it, in words; empty when nothing does."""
    if standing.gate is not None and standing.mark in _HELD_BACK:
        return f"{_HELD_BACK[standing.mark]}: refused, gate {standing.gate.value}"
    return standing.mark.value if standing.mark in SIGNS else ""


def remarks(standing: Standing) -> list[str]:
    """What to say beneath a node: why nothing becomes of it, and what becomes wider."""
    held_back = standing.gate is not None
    lead = "held back" if held_back else "wider"
    return [
        *([status(standing)] if held_back else []),
        *(f"{lead}: {text}" for text in standing.widens),
    ]


def on_edge(standing: Standing) -> str:
    """What becomes of an edge, and whether more people reach more by it, or agents may do more."""
    return f"{status(standing)}, wider" if standing.widens else status(standing)


def sign(standing: Standing) -> str:
    """The sign before a title; `!` for what is refused."""
    return "!" if standing.gate is not None else SIGNS.get(standing.mark, "")


def _told(phrases: Mapping[str, str]) -> list[str]:
    return [_LEADS.get(slot, "") + text for slot, text in phrases.items() if text]


def _both(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for slot in {**before, **after}:
        old, new = before.get(slot, ""), after.get(slot, "")
        if before and after and old != new:
            yield f"{_LEADS.get(slot, '')}{old or 'unknown'} → {new or 'not managed'}"
        elif new or old:
            yield _LEADS.get(slot, "") + (new or old)


def _phrases(facts: Facts | None) -> dict[str, str]:
    match facts:
        case None:
            return {}
        case SpaceFacts():
            return _of_space(facts)
        case ServerFacts():
            return _of_server(facts)


def _of_space(facts: SpaceFacts) -> dict[str, str]:
    groups = facts.groups
    named = f"group {groups[0]}" if groups and len(groups) == 1 else None
    return {
        "access": _ACCESS.get(facts.access or "", facts.access or "access not managed"),
        "members": "" if facts.members is None else _many(facts.members, "member"),
        "groups": "" if groups is None else named or _many(len(groups), "group"),
    }


def _of_server(facts: ServerFacts) -> dict[str, str]:
    auth = facts.auth
    return {
        "auth": "sign-in not managed" if auth is None else _AUTH.get(auth, auth),
        "credentials": _CREDENTIALS.get(facts.credentials or "", ""),
        "tools": _tools(facts.tools),
        "spaces": "" if facts.placed else "spaces not managed",
    }


def _many(number: int, noun: str) -> str:
    return count(number, noun) if number else f"no {noun}s"


def _tools(tools: Mapping[str, str | None]) -> str:
    parts = [_stake(tools["default"])] if "default" in tools else []
    counted: dict[str, int] = {}
    for name, stake in tools.items():
        if name != "default" and not ("default" in tools and stake == tools["default"]):
            counted[_stake(stake)] = counted.get(_stake(stake), 0) + 1
    parts += [f"{number} {stake}" for stake, number in sorted(counted.items())]
    return ", ".join(parts)


def _stake(stake: str | None) -> str:
    return "stake not managed" if stake is None else stake.replace("_", " ")
