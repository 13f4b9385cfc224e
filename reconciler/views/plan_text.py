"""A plan as text that a reviewer can read: what changes, why, from what to what, and what of it."""

from collections.abc import Iterable, Iterator

from reconciler.diagnostics import Palette, count, printable, render_text
from reconciler.resources import Action, Change, show_path
from reconciler.views.notes import not_compared_text, notes_of
from reconciler.views.plan_view import PlanView
from reconciler.views.words import (
    FIELD_REASONS,
    REASONS,
    SIGNS,
    change_text,
    paint_of,
    users_text,
    value_text,
)

_PATH_WIDTH = 30


def plan_text(view: PlanView, palette: Palette) -> str:
    """The whole plan; ends with the summary line."""
    lines = [f"{palette.bold(view.name)} for workspace {printable(view.workspace)}", ""]
    lines += _notes(view, palette)
    shown = [change for change in view.changes if change.refusal is None]
    for change in shown:
        lines += [*_change(change, palette), ""]
    refused = [change for change in view.changes if change.refusal is not None]
    if refused:
        lines += [palette.error("Refused") + " (held back, the rest goes on)", ""]
        for change in refused:
            lines += [*_refused(change, palette), ""]
    warnings = render_text(view.warnings, palette)
    if warnings:
        lines += [warnings]
    lines.append(summary_line(view.changes, view.unchanged, palette, noun=view.name))
    return "\n".join(lines) + "\n"


def summary_line(
    changes: Iterable[Change], unchanged: int, palette: Palette, *, noun: str = "Plan"
) -> str:
    """The plan in one line."""
    listed = list(changes)
    runnable = [change for change in listed if change.refusal is None]
    if not listed:
        return palette.bold("Nothing to do") + f": {count(unchanged, 'resource')} as declared."
    parts = []
    for action in Action:
        number = sum(change.action is action for change in runnable)
        if number:
            parts.append(paint_of(action, palette)(f"{number} to {action.value}"))
    refused = len(listed) - len(runnable)
    if refused:
        parts.append(palette.error(f"{refused} refused"))
    drifted = sum(change.drifted for change in listed)
    calls = sum(len(change.operations) for change in runnable)
    tail = f"{unchanged} unchanged, {count(calls, 'API call')}"
    if drifted:
        tail += f", {palette.warning(f'{drifted} because of drift')}"
    return f"{palette.bold(f'{noun}:')} {', '.join(parts) or 'no change'} ({tail})."


def no_drift_line(edits: int, palette: Palette) -> str:
    """That nobody changed the workspace; `edits` are changes of the manifests' own."""
    more = f" ({count(edits, 'change')} of your own to apply)" if edits else ""
    return f"{palette.bold('No drift')}: the workspace is as last applied{more}."


def _notes(view: PlanView, palette: Palette) -> Iterator[str]:
    notes = list(notes_of(view))
    if view.not_compared:
        notes.append(not_compared_text(view.not_compared))
    for note in notes:
        yield f"  {palette.dim('·')} {printable(note)}"
    if notes:
        yield ""


def _heading(change: Change, palette: Palette) -> str:
    paint = paint_of(change.action, palette)
    title = f' "{printable(change.title)}"' if change.title != change.address.name else ""
    sign = paint(f"{SIGNS[change.action]} {change.action.value}")
    return f"  {sign} {palette.bold(str(change.address))}{title}"


def _change(change: Change, palette: Palette) -> Iterator[str]:
    why = palette.warning if change.drifted else palette.dim
    yield f"{_heading(change, palette)}  {why(REASONS[change.reason])}"
    yield from _fields(change, palette)
    for consequence in change.consequences:
        yield f"      {palette.warning('!')} {printable(consequence)}"
    yield from _users(change, palette)


def _users(change: Change, palette: Palette) -> Iterator[str]:
    if change.users is not None:
        yield f"      {palette.warning('!')} {printable(users_text(change.users))}"


def _fields(change: Change, palette: Palette) -> Iterator[str]:
    if not change.fields:
        return
    names = [show_path(field.path) for field in change.fields]
    width = min(max(map(len, names)), _PATH_WIDTH)
    mixed = len({field.reason for field in change.fields}) > 1
    for name, field in zip(names, change.fields, strict=True):
        if change.action is Action.CREATE:
            text = palette.added(value_text(field.after))
        else:
            text = change_text(field.before, field.after, palette)
        tags = [FIELD_REASONS[field.reason]] if mixed and field.reason in FIELD_REASONS else []
        tags = [field.note] if field.note else tags
        tags += [f"{field.span.file}:{field.span.line}"] if field.span else []
        tail = palette.dim(f"  [{', '.join(map(printable, tags))}]") if tags else ""
        yield f"      {printable(name):<{width}}  {text}{tail}"


def _refused(change: Change, palette: Palette) -> Iterator[str]:
    assert change.refusal is not None
    yield f"{_heading(change, palette)}  {palette.error(f'gate {change.refusal.gate.value}')}"
    text = render_text([change.refusal.diagnostic], palette).rstrip("\n")
    yield from (f"    {line}" if line else "" for line in text.split("\n"))
    yield from _users(change, palette)
