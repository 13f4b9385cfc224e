"""What a review holds against single lines: for annotations and code scanning."""

from collections.abc import Iterator

from reconciler.diagnostics import Diagnostic, printable
from reconciler.resources import show_path
from reconciler.views.matters import Effect, Matter
from reconciler.views.review import Review
from reconciler.views.words import ends_text

_VALUE = 200


def findings_of(review: Review) -> Iterator[Diagnostic]:
    """Every located message: what stops the command, what holds changes back, what warns."""
    yield from review.errors
    for change in review.refused:
        if change.refusal is not None:
            yield change.refusal.diagnostic
    yield from review.warnings


def dangers_of(review: Review) -> Iterator[Matter]:
    """What loosens or destroys, and nothing holds back."""
    for matter in review.matters:
        if matter.gate is None and matter.effect in (Effect.LOOSENS, Effect.DESTROYS):
            yield matter


def lines_of(item: Diagnostic) -> tuple[str, ...]:
    """The message, what it means and what helps, a line each."""
    notes = (f"note: {note}" for note in item.notes)
    help_ = (f"help: {text}" for text in item.help)
    return tuple(printable(text) for text in (item.message, *notes, *help_))


def lines_of_matter(matter: Matter) -> tuple[str, ...]:
    """What it is, from what to what, and whom it hits, a line each."""
    told = [f"{matter.address} {matter.message}"]
    if matter.path:
        ends = ends_text(matter.before, matter.after, _VALUE)
        told.append(f"{show_path(matter.path)}: {ends}")
    return tuple(printable(text) for text in (*told, *matter.details))
