"""What has moved under a saved plan, a line each."""

from collections.abc import Iterable

from reconciler.planning import Moved
from reconciler.resources import Action, show_path
from reconciler.views.words import value_text

_LINES = 30


def moved_lines(moved: Iterable[Moved]) -> tuple[str, ...]:
    """What the plan saw, what is there now and what it wanted; a long list is cut and says so."""
    lines = [_line(item) for item in moved]
    more = len(lines) - _LINES
    return tuple(lines[:_LINES] + ([f"and {more} more"] if more > 0 else []))


def _line(item: Moved) -> str:
    head = f"{item.address} {show_path(item.path)}" if item.path else str(item.address)
    if item.what:
        return f"{head}: {item.what}"
    saw, now = value_text(item.saw), value_text(item.now)
    match item.doomed:
        case None:
            wanted = f"it wanted {value_text(item.wanted)}"
        case Action.DELETE:
            wanted = "it wanted to delete the object"
        case _:
            wanted = "it wanted to replace the object"
    return f"{head}: the plan saw {saw}, now it is {now}, {wanted}"
