"""A plan as text that a reviewer can read: what changes, why, from what to what, and what of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.diagnostics import Diagnostic, Palette, count, printable, render_text
from reconciler.planning import Partial
from reconciler.resources import (
    Action,
    Address,
    Change,
    FieldChange,
    Path,
    Reason,
    Users,
    show_path,
)
from reconciler.views.words import (
    FIELD_REASONS,
    REASONS,
    SIGNS,
    change_text,
    paint_of,
    value_text,
)

_PATH_WIDTH = 30
_NAMES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """What a plan's text is made of; a fresh plan and a saved one both give it."""

    workspace: str
    changes: Sequence[Change]
    unchanged: int
    moves: Sequence[tuple[Address, Address]] = ()
    recovered: Sequence[Address] = ()
    forgotten: Sequence[Address] = ()
    ignored: Mapping[Address, Sequence[FieldChange]]
    not_compared: Sequence[tuple[Address, Path]] = ()
    warnings: Sequence[Diagnostic] = ()
    partial: Partial | None = None
    noun: str = "Plan"

    @property
    def name(self) -> str:
        """What it is called: a part says so."""
        return f"Partial {self.noun.lower()}" if self.partial else self.noun


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
    drifted = sum(_drifted(change) for change in listed)
    calls = sum(len(change.operations) for change in runnable)
    tail = f"{unchanged} unchanged, {count(calls, 'API call')}"
    if drifted:
        tail += f", {palette.warning(f'{drifted} because of drift')}"
    return f"{palette.bold(f'{noun}:')} {', '.join(parts) or 'no change'} ({tail})."


def _drifted(change: Change) -> bool:
    moved = (Reason.DRIFT, Reason.BOTH, Reason.GONE)
    return change.reason in moved or any(f.reason in moved for f in change.fields)


def _part(partial: Partial) -> Iterator[str]:
    for option, asked in (
        ("--target", partial.scope.targets),
        ("--exclude", partial.scope.excludes),
    ):
        if asked:
            yield f"{option} {', '.join(map(str, sorted(asked)))}"
    for address, because in partial.along:
        yield f"{address} is taken along: {because} needs it"
    for address, because in partial.left_out:
        yield f"{address} is left out: it needs {because}"
    if partial.others:
        yield f"{count(partial.others, 'other change')} left out, because nobody asked for them"


def _notes(view: PlanView, palette: Palette) -> Iterator[str]:
    notes = list(_part(view.partial)) if view.partial else []
    notes += [f"{old} is now called {new} (renamed in state only)" for old, new in view.moves]
    notes += [
        f"{address} was created by an interrupted run; this one takes it over"
        for address in view.recovered
    ]
    notes += [
        f"{address} is gone from manifests and workspace; state forgets it"
        for address in view.forgotten
    ]
    notes += [
        f"{address} differs in {show_path(field.path)}, which its manifest ignores"
        for address, fields in view.ignored.items()
        for field in fields
    ]
    if view.not_compared:
        places = ", ".join(
            f"{address} {show_path(path)}" for address, path in view.not_compared[:3]
        )
        more = f" and {len(view.not_compared) - 3} more" if len(view.not_compared) > 3 else ""
        notes.append(
            "not compared, because the secret, or the key for its fingerprint, isn't available "
            f"here: {places}{more}"
        )
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
    why = palette.warning if _drifted(change) else palette.dim
    yield f"{_heading(change, palette)}  {why(REASONS[change.reason])}"
    yield from _fields(change, palette)
    for consequence in change.consequences:
        yield f"      {palette.warning('!')} {printable(consequence)}"
    yield from _users(change, palette)


def _users(change: Change, palette: Palette) -> Iterator[str]:
    if change.users is not None:
        yield f"      {palette.warning('!')} {printable(users_text(change.users))}"


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
