"""Diagnostics as text: a headline, the place, the line with carets, what to do."""

from collections.abc import Iterable
from typing import Any

from reconciler.diagnostics.model import Diagnostic, Severity, Span
from reconciler.diagnostics.palette import PLAIN, Palette
from reconciler.diagnostics.showing import printable

_MAX_EXCERPT = 160


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 change`, `2 changes`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def render_text(diagnostics: Iterable[Diagnostic], palette: Palette = PLAIN) -> str:
    """Every diagnostic in turn, a blank line between two; the empty string for none."""
    return "\n".join(_one(item, palette) for item in diagnostics)


def render_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """The same as JSON values: code, severity, message, file, line, column, notes, help."""
    return [as_json(item) for item in diagnostics]


def as_json(item: Diagnostic) -> dict[str, Any]:
    """One diagnostic as a JSON value (`schemas/diagnostics.schema.json`)."""
    span = item.span
    place = None
    if span:
        place = {
            "file": span.file,
            "line": span.line,
            "column": span.column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        }
    return {
        "code": item.code.value,
        "severity": item.severity.value,
        "message": item.message,
        "label": item.label or None,
        "place": place,
        "address": item.address,
        "notes": list(item.notes),
        "help": list(item.help),
    }


def _one(item: Diagnostic, palette: Palette) -> str:
    paint = palette.error if item.severity is Severity.ERROR else palette.warning
    lines = [paint(f"{item.severity}[{item.code}]") + ": " + palette.bold(printable(item.message))]
    width = len(str(item.span.line)) if item.span else 1
    margin = " " * width
    if item.span:
        lines.append(f"{margin} {palette.dim('-->')} {printable(str(item.span))}")
        lines += _excerpt(item.span, item.label, margin, palette, paint)
    lines += [f"{margin} {palette.dim('=')} note: {printable(note)}" for note in item.notes]
    lines += [f"{margin} {palette.dim('=')} help: {printable(text)}" for text in item.help]
    return "\n".join(lines) + "\n"


def _excerpt(
    span: Span, label: str, margin: str, palette: Palette, paint: Palette.Paint
) -> list[str]:
    if span.excerpt is None:
        return [f"{margin} {palette.dim('=')} {printable(label)}"] if label else []
    bar = palette.dim("|")
    excerpt, start = span.excerpt, span.column - 1
    end = span.end_column - 1 if span.end_line == span.line else len(excerpt)
    text, start, end = printable(excerpt), _shown(excerpt, start), _shown(excerpt, end)
    shift = 0
    if len(text) > _MAX_EXCERPT:
        shift = max(0, min(start - _MAX_EXCERPT // 2, len(text) - _MAX_EXCERPT))
        text = text[shift : shift + _MAX_EXCERPT]
    start, end = start - shift, min(max(end - shift, start - shift + 1), max(len(text), 1))
    carets = " " * start + paint("^" * max(1, end - start) + (f" {printable(label)}" * bool(label)))
    return [
        f"{margin} {bar}",
        f"{palette.dim(str(span.line))} {bar} {text}",
        f"{margin} {bar} {carets}",
        f"{margin} {bar}",
    ]


def _shown(excerpt: str, column: int) -> int:
    """Where a column of the line is when the line is shown, which may be longer than it is."""
    return len(printable(excerpt[:column])) + max(0, column - len(excerpt))
