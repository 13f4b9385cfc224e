"""The formats of reports by name: a new one is one line here."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from reconciler.diagnostics import json_for_terminals
from reconciler.resources import indented
from reconciler.views.annotations import annotations
from reconciler.views.ending import Ending
from reconciler.views.ending_reports import ending_annotations, ending_junit, ending_sarif
from reconciler.views.html import ending_html, html_report
from reconciler.views.junit import junit
from reconciler.views.markdown import ending_markdown, octets, review_markdown, utf16_units
from reconciler.views.report_text import report_json
from reconciler.views.review import Review
from reconciler.views.sarif import sarif

COMMENT_LIMIT = 65_000
"""Characters of a comment. GitHub takes 65,536; the rest is for what a publisher adds."""

SUMMARY_LIMIT = 1_000_000
"""Bytes of a step summary. GitHub takes 1 MiB; the rest is for what a step adds."""

ReviewFormat = Callable[[Review, str], Iterable[str]]
"""From a review and the address of the full report, or nothing, to the text in pieces."""

EndingFormat = Callable[[Ending, str], Iterable[str]]
"""The same for the end of an apply."""


def _comment(review: Review, link_to: str) -> Iterator[str]:
    yield review_markdown(review, link_to=link_to, limit=COMMENT_LIMIT, measure=utf16_units)


def _summary(review: Review, link_to: str) -> Iterator[str]:
    yield review_markdown(review, link_to=link_to, limit=SUMMARY_LIMIT, measure=octets)


def _ending_comment(ending: Ending, link_to: str) -> Iterator[str]:
    yield ending_markdown(ending, link_to=link_to, limit=COMMENT_LIMIT, measure=utf16_units)


def _ending_summary(ending: Ending, link_to: str) -> Iterator[str]:
    yield ending_markdown(ending, link_to=link_to, limit=SUMMARY_LIMIT, measure=octets)


def _json(document: Mapping[str, Any]) -> Iterator[str]:
    yield from map(json_for_terminals, indented(document))
    yield "\n"


REVIEW_FORMATS: Mapping[str, ReviewFormat] = {
    "markdown": _comment,
    "summary": _summary,
    "annotations": lambda review, _link: (annotations(review),),
    "html": lambda review, _link: (html_report(review),),
    "sarif": lambda review, _link: (sarif(review),),
    "junit": lambda review, _link: (junit(review),),
    "json": lambda review, _link: _json(review.document),
}
"""Reports of plans, drifts and checked manifests."""

ENDING_FORMATS: Mapping[str, EndingFormat] = {
    "markdown": _ending_comment,
    "summary": _ending_summary,
    "annotations": lambda ending, _link: (ending_annotations(ending),),
    "html": lambda ending, _link: (ending_html(ending),),
    "sarif": lambda ending, _link: (ending_sarif(ending),),
    "junit": lambda ending, _link: (ending_junit(ending),),
    "json": lambda ending, _link: _json(report_json(ending.report)),
}
"""Reports of how an apply ended: the same, as one that ends early gives a review."""

DOCUMENTED = frozenset({"json"})
"""The formats that tell the review's own document."""
