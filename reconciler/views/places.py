"""Places as reports tell them: files by the name that the repository knows them by."""

from collections.abc import Callable
from dataclasses import replace

from reconciler.diagnostics import Diagnostic, Span
from reconciler.resources import Change
from reconciler.views.plan_view import PlanView

Where = Callable[[str], str]
"""From a file's name in a span to its name in a report."""


def placed_view(view: PlanView, where: Where) -> PlanView:
    """The plan with every place renamed."""
    return replace(
        view,
        changes=tuple(_change(change, where) for change in view.changes),
        warnings=tuple(placed(item, where) for item in view.warnings),
        home=placed_span(view.home, where),
    )


def placed(item: Diagnostic, where: Where) -> Diagnostic:
    """The message with its place renamed."""
    return replace(item, span=placed_span(item.span, where)) if item.span else item


def placed_span(span: Span | None, where: Where) -> Span | None:
    """The place in the renamed file."""
    if span is None:
        return None
    name = where(span.file)
    return span if name == span.file else replace(span, file=name)


def uri_of(file: str) -> tuple[str, bool]:
    """A file's name as a URI reference (RFC 3986), and whether it is relative to the repository."""
    path = "".join(char if char in _UNRESERVED else percent(char) for char in file)
    if file.startswith("/"):
        return f"file://{path}", False
    if file[1:3] == ":/":
        return f"file:///{file[0]}:{path[4:]}", False  # a drive of Windows; `:` was encoded
    return path, True


_UNRESERVED = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"  # and the slash
)


def percent(char: str) -> str:
    """A character as it stands in a URI, byte by byte."""
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace"))


def _change(change: Change, where: Where) -> Change:
    spans = (change.span, *(field.span for field in change.fields))
    if change.refusal is None and all(span is placed_span(span, where) for span in spans):
        return change  # most often nothing is renamed, and a plan has a million places
    refusal = change.refusal and replace(
        change.refusal, diagnostic=placed(change.refusal.diagnostic, where)
    )
    return replace(
        change,
        fields=tuple(
            replace(field, span=placed_span(field.span, where)) for field in change.fields
        ),
        refusal=refusal,
        span=placed_span(change.span, where),
    )
