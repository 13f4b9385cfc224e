"""Places in reports: every one of them by the repository's name for its file."""

from collections.abc import Iterator
from dataclasses import replace

from reconciler.diagnostics import Span
from reconciler.views import PlanView, placed_view
from tests.views.reviews import HOME, mixed
from tests.views.scenes import PLANS, view


def _spans(made: PlanView) -> Iterator[Span]:
    yield from (item.span for item in made.warnings if item.span)
    if made.home:
        yield made.home
    for change in made.changes:
        yield from (field.span for field in change.fields if field.span)
        if change.refusal and change.refusal.diagnostic.span:
            yield change.refusal.diagnostic.span
        if change.span:
            yield change.span


def test_every_place_of_a_plan_is_renamed() -> None:
    review = mixed()
    made = PlanView(
        workspace="w",
        changes=review.changes,
        unchanged=0,
        ignored={},
        warnings=review.warnings,
        home=HOME,
    )
    before = [span.file for span in _spans(made)]
    after = [span.file for span in _spans(placed_view(made, lambda name: f"top/{name}"))]
    assert after == [f"top/{name}" for name in before]
    assert len(after) > 20


def test_nothing_but_places_changes() -> None:
    made = view(PLANS["every-action"]())
    made = replace(made, changes=tuple(made.changes))
    assert placed_view(made, str) == made
