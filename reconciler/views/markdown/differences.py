"""Fields of a change as lines of a `diff` fence: before in red, after in green."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.resources import Action, FieldChange, Shown, show_path
from reconciler.views.words import FIELD_REASONS, place_text, short, value_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """How much is told: of fields, of a set's items, and of a value's characters."""

    fields: int
    items: int
    characters: int


FULL = Detail(fields=400, items=100, characters=1000)
FEW = Detail(fields=12, items=5, characters=80)


def difference(action: Action, fields: Sequence[FieldChange], detail: Detail) -> Iterator[str]:
    """The lines for these fields of a change; what is left out is counted."""
    for field in fields[: detail.fields]:
        if action is Action.CREATE:
            yield f"+ {show_path(field.path)}: {_value(field.after, detail)}"
        else:
            yield from _changed(field, detail)
    left = len(fields) - detail.fields
    if left > 0:
        yield f"# and {left} more fields"


def _changed(field: FieldChange, detail: Detail) -> Iterator[str]:
    reason = field.note or FIELD_REASONS.get(field.reason, "")
    tags = ", ".join(filter(None, (reason, place_text(field.span))))
    yield f"@@ {show_path(field.path)} @@ {tags}".rstrip()
    before, after = field.before, field.after
    if isinstance(after, frozenset) and (before is None or isinstance(before, frozenset)):
        signed = _signed(before or frozenset(), after)
        for sign, item in signed[: detail.items]:
            yield f"{sign} {short(item, detail.characters)}"
        if len(signed) > detail.items:
            yield f"# and {len(signed) - detail.items} more"
        return
    if before is not None:
        yield f"- {_value(before, detail)}"
    if after is not None:
        yield f"+ {_value(after, detail)}"


def _signed(before: frozenset[str], after: frozenset[str]) -> list[tuple[str, str]]:
    gone = [("-", item) for item in sorted(before - after)]
    return gone + [("+", item) for item in sorted(after - before)]


def _value(value: Shown, detail: Detail) -> str:
    return short(value_text(value), detail.characters)
