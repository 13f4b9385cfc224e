"""Reviews of what commands did, for reports; places as the repository names them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.diagnostics import PLAIN, Diagnostics, Span
from reconciler.execution import Report
from reconciler.manifests import Loaded
from reconciler.planning import SavedPlan
from reconciler.resources import WORKSPACE_KIND, Address, Change
from reconciler.views import (
    Ending,
    Failure,
    Review,
    no_drift_line,
    placed,
    placed_span,
    placed_view,
    review_of,
    review_of_failure,
    review_of_manifests,
)
from reconciler.workflows.context import Context
from reconciler.workflows.failures import Stop
from reconciler.workflows.planning import Planned
from reconciler.workflows.repository import repository_names
from reconciler.workflows.saved import saved_view


def review_planned(planned: Planned, document: Mapping[str, Any]) -> Review:
    """The review of a fresh plan; `document` is its JSON, empty when none was made."""
    view = replace(planned.view(), digest=document.get("digest", ""), home=_home(planned.context))
    return review_of(placed_view(view, repository_names()), document=document)


def review_drift(
    planned: Planned, drifted: tuple[Change, ...], document: Mapping[str, Any]
) -> Review:
    """The review of what others changed."""
    view = replace(planned.view(), changes=drifted, noun="Drift", home=_home(planned.context))
    review = review_of(placed_view(view, repository_names()), document=document)
    if drifted:
        return review
    return replace(review, headline=no_drift_line(len(planned.plan.changes), PLAIN))


def review_saved(saved: SavedPlan) -> Review:
    """The review of a saved plan."""
    return review_of(placed_view(saved_view(saved), repository_names()), document=saved.document)


def review_loaded(loaded: Loaded, found: Diagnostics, document: Mapping[str, Any]) -> Review:
    """The review of manifests that could be read; `found` is what is held against them."""
    where, desired = repository_names(), loaded.desired
    assert desired is not None
    return review_of_manifests(
        desired.workspace.name,
        [placed(item, where) for item in found],
        desired={address: item.spec for address, item in desired.resources.items()},
        home=placed_span(
            loaded.locator.span(Address(WORKSPACE_KIND, desired.workspace.name)), where
        ),
        document=document,
    )


def review_stopped(noun: str, stop: Stop, document: Mapping[str, Any]) -> Review:
    """The review of what ended early."""
    where = repository_names()
    failure = Failure(code=int(stop.code), message=stop.message, notes=stop.notes, help=stop.help)
    found = [placed(item, where) for item in stop.diagnostics]
    return review_of_failure(noun, failure, found, document=document)


def ending_of(context: Context, report: Report, noun: str) -> Ending:
    """How an apply ended, for reports."""
    where = repository_names()
    results = tuple(
        replace(result, change=replace(result.change, span=placed_span(result.change.span, where)))
        for result in report.results
    )
    return Ending(
        workspace=context.title,
        report=replace(report, results=results),
        noun=noun,
        home=placed_span(_home(context), where),
    )


def _home(context: Context) -> Span | None:
    return context.locator.span(Address(WORKSPACE_KIND, context.desired.workspace.name))
