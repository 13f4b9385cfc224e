"""In which ways a change lets more people reach more, or agents do more, in words."""

from collections.abc import Iterator

from reconciler.resources import COMPANY, FALLBACK_STAKE
from reconciler.views.topology.facts import DISABLED, scopes_of, texts
from reconciler.views.topology.model import Facts, ServerFacts, SpaceFacts
from reconciler.views.topology.sides import Sides

_STAKES = ("never_ask", "low", "medium", "high", DISABLED)
_NAMED = 3


def of_node(sides: Sides, before: Facts | None, after: Facts | None) -> tuple[str, ...]:
    """What becomes wider in a space or a server; `sides` is what the facts were taken from."""
    match before, after:
        case (SpaceFacts() | None, SpaceFacts()):
            return tuple(_of_space(sides, before, after))
        case (ServerFacts(), ServerFacts()):
            return tuple(_of_server(before, after))
        case _:
            return ()


def of_placement(sides: Sides, target: str, *, is_open: bool) -> str | None:
    """What becomes wider when the server shows in one more space, or in the whole company."""
    if COMPANY in ((sides.before and texts(sides.before.get("spaces"))) or ()):
        return None  # everybody has it already
    if target == COMPANY:
        return "shown to the whole company"
    if is_open:
        return "shown in a space that is open to everybody"
    return None if sides.before is None else "shown to the people of one more space"


def of_scope(sides: Sides) -> str | None:
    """What becomes wider with a scope; nothing where it isn't known what the server had."""
    had = scopes_of(sides.before) if sides.before else None
    return "one more scope" if had else None


def _of_space(sides: Sides, before: SpaceFacts | None, after: SpaceFacts) -> Iterator[str]:
    if after.access == "open" and (before is None or before.access != "open"):
        yield "open to the whole workspace"
    if before is None or sides.before is None or sides.after is None or after.access == "open":
        return
    for field, one, several in (("members", "person", "people"), ("groups", "group", "groups")):
        had, gets = texts(sides.before.get(field)), texts(sides.after.get(field))
        more = len((gets or frozenset()) - (had or frozenset()))
        if had is not None and more:
            yield f"{more} more {one if more == 1 else several}"


def _of_server(before: ServerFacts, after: ServerFacts) -> Iterator[str]:
    if (before.credentials, after.credentials) == ("personal", "workspace"):
        yield "one shared sign-in instead of each person's own"
    looser = [
        f"{name}: {_words(before.tools[name])} → {_words(after.tools[name])}"
        for name in after.tools
        if name in before.tools and _rank(after.tools[name]) < _rank(before.tools[name])
    ]
    yield from looser[:_NAMED]
    if len(looser) > _NAMED:
        yield f"{len(looser) - _NAMED} more tools with less asking"


def _rank(stake: str | None) -> int:
    return _STAKES.index(stake or FALLBACK_STAKE) if (stake or FALLBACK_STAKE) in _STAKES else 0


def _words(stake: str | None) -> str:
    return (stake or FALLBACK_STAKE).replace("_", " ")
