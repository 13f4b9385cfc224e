"""The words and signs that every view uses for actions, reasons and values."""

import json
from collections.abc import Sequence

from reconciler.diagnostics import PLAIN, Palette, Span, printable
from reconciler.resources import (
    Action,
    FieldChange,
    Hidden,
    Reason,
    Shown,
    Users,
    show_path,
)

_NAMES = 8

SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.REPLACE: "±", Action.DELETE: "-"}

REASONS = {
    Reason.NEW: "new in the manifests",
    Reason.EDITED: "the manifest was edited",
    Reason.DRIFT: "drift: somebody changed the workspace",
    Reason.BOTH: "the manifest and the workspace both changed",
    Reason.GONE: "drift: somebody deleted it in the workspace",
    Reason.REMOVED: "no manifest describes it any more",
    Reason.ROTATED: "the secret was rotated",
    Reason.UNFINISHED: "an earlier apply didn't finish",
}

FIELD_REASONS = {
    Reason.EDITED: "edited",
    Reason.DRIFT: "drift",
    Reason.BOTH: "both changed",
    Reason.ROTATED: "rotated",
}


def paint_of(action: Action, palette: Palette) -> Palette.Paint:
    """The colour of an action."""
    return {
        Action.CREATE: palette.added,
        Action.UPDATE: palette.changed,
        Action.REPLACE: palette.error,
        Action.DELETE: palette.removed,
    }[action]


def value_text(value: Shown) -> str:
    """A value on one line; text in quotes, so that a trailing space is seen."""
    match value:
        case None:
            return "(none)"
        case Hidden(source=None):
            return "(set, can't be read back)"
        case Hidden():
            return f"secret from {printable(str(value.source))}"
        case frozenset():
            items = sorted(value)
            return ", ".join(map(printable, items)) if items else "(none)"
        case bool():
            return "true" if value else "false"
        case str():
            return printable(json.dumps(value, ensure_ascii=False))
        case _:
            return printable(json.dumps(value, ensure_ascii=False, sort_keys=True))


def change_text(before: Shown, after: Shown, palette: Palette) -> str:
    """`before → after`; for sets, what is added and what is removed."""
    if isinstance(after, frozenset) and (before is None or isinstance(before, frozenset)):
        old = before or frozenset()
        added = [palette.added(f"+ {printable(item)}") for item in sorted(after - old)]
        removed = [palette.removed(f"- {printable(item)}") for item in sorted(old - after)]
        return ", ".join(added + removed) or "(none)"
    return f"{palette.removed(value_text(before))} → {palette.added(value_text(after))}"


def ends_text(before: Shown, after: Shown, characters: int) -> str:
    """The same without colour, each value cut after so many characters."""
    if isinstance(after, frozenset):
        return short(change_text(before, after, PLAIN), characters)
    return f"{short(value_text(before), characters)} → {short(value_text(after), characters)}"


def field_text(action: Action, field: FieldChange, characters: int) -> str:
    """One field of a change: its path, and what becomes of it."""
    if action is Action.CREATE:
        text = short(value_text(field.after), characters)
    else:
        text = ends_text(field.before, field.after, characters)
    return f"{printable(show_path(field.path))}: {text}"


def place_text(span: Span | None) -> str:
    """`file:line`, or nothing."""
    return f"{span.file}:{span.line}" if span else ""


def short(text: str, most: int) -> str:
    """`text`, cut after `most` characters, with its length when it was cut."""
    if len(text) <= most:
        return text
    return f"{text[:most]}… ({len(text)} characters)"


def users_text(users: Users) -> str:
    """Who uses an object, on one line."""
    parts = [
        f"the {noun}{'s' * (len(names) != 1)} {_some(names)}"
        for noun, names in (("agent", users.agents), ("skill", users.skills))
        if names
    ]
    return f"used by {' and '.join(parts)}" if parts else "no agent or skill uses it"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:_NAMES])
    more = len(names) - _NAMES
    return f"{shown} and {more} more" if more > 0 else shown
