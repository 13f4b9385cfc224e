"""The report of an apply: what was applied, what wasn't, and what to do about it."""

from collections.abc import Iterator
from typing import Any

from reconciler.diagnostics import Palette, count, printable
from reconciler.execution import Outcome, Report, Result, Stopped
from reconciler.resources import Action
from reconciler.views.words import SIGNS

PAST = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
}
"""What became of a resource when its change was applied."""


def outcome_line(result: Result, palette: Palette) -> str:
    """One change's outcome in a line, for progress and report."""
    change = result.change
    match result.outcome:
        case Outcome.APPLIED:
            return f"  {palette.added('✓')} {change.address} {PAST[change.action]}"
        case Outcome.PENDING:
            return f"  {palette.warning('…')} {change.address} pending: {printable(result.message)}"
        case Outcome.SKIPPED:
            return f"  {palette.dim('»')} {change.address} skipped: {printable(result.message)}"
        case Outcome.REFUSED:
            return f"  {palette.error('⊘')} {change.address} refused: {printable(result.message)}"
        case Outcome.FAILED:
            return f"  {palette.error('✗')} {change.address} failed: {printable(result.message)}"
        case Outcome.UNKNOWN:
            return f"  {palette.error('?')} {change.address} uncertain: {printable(result.message)}"


def report_text(report: Report, palette: Palette) -> str:
    """What deserves words after an apply, and the summary line."""
    lines: list[str] = []
    for result in report.results:
        if result.outcome in (Outcome.FAILED, Outcome.UNKNOWN, Outcome.PENDING):
            lines += [*_details(result, palette), ""]
    if report.stopped is not None:
        lines += [*_stop(report, report.stopped, palette), ""]
    lines.append(summary(report, palette))
    return "\n".join(lines) + "\n"


def _stop(report: Report, stopped: Stopped, palette: Palette) -> Iterator[str]:
    applied, skipped = len(report.of(Outcome.APPLIED)), len(report.of(Outcome.SKIPPED))
    yield f"{palette.error('stopped')} {palette.bold(printable(stopped.message))}"
    if stopped.call:
        yield f"  {palette.dim('=')} while: {printable(stopped.call)}"
    rest = f"; {count(skipped, 'change')} not tried" if skipped else ""
    yield f"  {palette.dim('=')} note: {count(applied, 'change')} applied{rest}"
    for text in stopped.help:
        yield f"  {palette.dim('=')} help: {printable(text)}"
    yield f"  {palette.dim('=')} help: apply again afterwards: it goes on where this run stopped"


def summary(report: Report, palette: Palette) -> str:
    """The apply in one line; the numbers come from what was journalled."""
    names = {
        Outcome.APPLIED: palette.added,
        Outcome.PENDING: palette.warning,
        Outcome.FAILED: palette.error,
        Outcome.UNKNOWN: palette.error,
        Outcome.SKIPPED: palette.warning,
        Outcome.REFUSED: palette.error,
    }
    words = {Outcome.UNKNOWN: "uncertain"}
    parts = [
        paint(f"{len(found)} {words.get(outcome, outcome.value)}")
        for outcome, paint in names.items()
        if (found := report.of(outcome))
    ]
    head = "Interrupted:" if report.interrupted else "Apply:"
    return f"{palette.bold(head)} {', '.join(parts) or 'nothing to do'}."


def report_json(report: Report) -> dict[str, Any]:
    """The report as a JSON value (`schemas/report.schema.json`)."""
    return {
        "format": "reconciler.report/v1",
        "interrupted": report.interrupted,
        "stopped": report.stopped
        and {
            "message": report.stopped.message,
            "call": report.stopped.call or None,
            "help": list(report.stopped.help),
        },
        "summary": {outcome.value: len(report.of(outcome)) for outcome in Outcome},
        "results": [
            {
                "address": str(result.change.address),
                "action": result.change.action.value,
                "outcome": result.outcome.value,
                "operation": result.operation.summary if result.operation else None,
                "call": result.call or None,
                "message": result.message or None,
                "help": list(result.help),
                "consent": _consent(result),
            }
            for result in report.results
        ],
    }


def _consent(result: Result) -> dict[str, Any] | None:
    if result.consent is None:
        return None
    return {"who": result.consent.who, "url": result.consent.url, "since": result.consent.since}


def _details(result: Result, palette: Palette) -> Iterator[str]:
    change = result.change
    paint = palette.warning if result.outcome is Outcome.PENDING else palette.error
    sign = SIGNS[change.action]
    yield f"{paint(result.outcome.value)} {sign} {palette.bold(str(change.address))}"
    yield f"  {printable(result.message)}"
    if result.consent:
        yield f"  {palette.dim('=')} at: {printable(result.consent.url)}"
    if result.operation and result.outcome is not Outcome.PENDING:
        call = f" ({result.call})" if result.call else ""
        yield f"  {palette.dim('=')} while: {printable(result.operation.summary + call)}"
        left = len(change.operations) - 1 - change.operations.index(result.operation)
        if left and result.started:
            yield f"  {palette.dim('=')} {count(left, 'operation')} after it not sent"
    for text in result.help:
        yield f"  {palette.dim('=')} help: {printable(text)}"
    if result.outcome is Outcome.UNKNOWN:
        yield (
            f"  {palette.dim('=')} help: apply again: it looks first whether this happened, "
            "and makes no duplicate"
        )
