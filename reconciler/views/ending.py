"""How an apply ended, for reports."""

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.diagnostics import Span
from reconciler.execution import Outcome, Report, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The end of an apply in a workspace.

    `noun` is what was done, `home` where the Workspace is declared, for what has no place of its
    own.
    """

    workspace: str
    report: Report
    noun: str = "Apply"
    home: Span | None = None


def lines_of_result(result: Result) -> Iterator[str]:
    """What is to be known of a result beside its message, and what to do."""
    yield from notes_of_result(result)
    yield from (f"help: {text}" for text in result.help)


def notes_of_result(result: Result) -> Iterator[str]:
    """What is to be known of a result beside its message.

    Of a sign-in it says who and where, without the query that begins it: a report is read by more
    people than the one whose sign-in it is, and `connect` has the whole address.
    """
    if result.consent:
        where = result.consent.url.partition("?")[0].partition("#")[0]
        yield f"{result.consent.who} has to sign in, asked for since {result.consent.since}"
        yield f"at: {where}"
    if result.operation and result.outcome is not Outcome.PENDING:
        yield f"while: {result.operation.summary}" + (f" ({result.call})" if result.call else "")


OUTCOMES = {
    Outcome.APPLIED: "applied",
    Outcome.FAILED: "failed",
    Outcome.UNKNOWN: "uncertain",
    Outcome.PENDING: "pending",
    Outcome.REFUSED: "refused",
    Outcome.SKIPPED: "not tried",
}
"""What became of a change, in the words of reports."""
