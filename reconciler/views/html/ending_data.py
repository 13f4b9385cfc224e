"""What the page is told of the end of an apply: what became of each change, and what to do."""

from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.diagnostics import PLAIN
from reconciler.execution import Outcome, Report, Result
from reconciler.views.ending import OUTCOMES, Ending, notes_of_result
from reconciler.views.html.review_data import all_printable, change_data, place_data
from reconciler.views.report_text import PAST, summary

_BROKEN = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.REFUSED)


def ending_data(ending: Ending, largest: int) -> Any:
    """All that the page shows; of a review it has what is known once things were done.

    Of more than `largest` changes it tells that many, first those that weren't done.
    """
    report = ending.report
    shown = _weightiest(report, largest)
    counts = {OUTCOMES[each]: len(report.of(each)) for each in Outcome}
    return all_printable(
        {
            "workspace": ending.workspace,
            "noun": ending.noun,
            "outcome": "stopped" if report.broken else "changes",
            "headline": summary(report, PLAIN),
            "counts": {},
            "results": [{"outcome": word, "count": n} for word, n in counts.items() if n],
            "digest": "",
            "madeAt": "",
            "expiresAt": "",
            "allow": [],
            "failure": None,
            "notes": list(_left_out(report, shown)),
            "errors": [*_stopped(report), *(_told(r) for r in shown if r.outcome in _BROKEN)],
            "warnings": [_told(r) for r in shown if r.outcome is Outcome.PENDING],
            "matters": [],
            "changes": [
                {**change_data(result.change, []), "result": _told(result)} for result in shown
            ],
            "untouched": [],
            "graph": None,
        }
    )


def _weightiest(report: Report, largest: int) -> list[Result]:
    left = [result for result in report.results if result.outcome is not Outcome.APPLIED]
    told = [*left, *report.of(Outcome.APPLIED)][:largest]
    kept = {result.change.address for result in told}
    return [result for result in report.results if result.change.address in kept]


def _left_out(report: Report, shown: Sequence[Result]) -> Iterator[str]:
    if len(shown) < len(report.results):
        yield (
            "this page would be too large for a browser; it shows "
            f"{len(shown)} of {len(report.results)} changes. The report `json` tells all"
        )


def _told(result: Result) -> dict[str, Any]:
    """A result in the form of a located message."""
    change = result.change
    done = PAST[change.action] if result.outcome is Outcome.APPLIED else ""
    return {
        "code": OUTCOMES[result.outcome],
        "message": result.message or done,
        "notes": [*notes_of_result(result)],
        "help": list(result.help),
        "place": place_data(change.span),
        "address": str(change.address),
    }


def _stopped(report: Report) -> list[dict[str, Any]]:
    stopped = report.stopped
    if stopped is None:
        return []
    return [
        {
            "code": "stopped",
            "message": stopped.message,
            "notes": [f"while: {stopped.call}"] if stopped.call else [],
            "help": list(stopped.help),
            "place": "",
            "address": None,
        }
    ]
