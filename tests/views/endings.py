"""The end of an apply with every outcome in it."""

from reconciler.diagnostics import Span
from reconciler.execution import Outcome, Report, Result, Stopped
from reconciler.resources import Change
from reconciler.state import Consent
from reconciler.views import Ending
from tests.views.reviews import mixed

_CONSENT = Consent(
    connection="con_1",
    provider="mcp",
    url="https://auth.example/authorize?client_id=x&state=y",
    who="ana@acme.example",
    since="2026-01-01T00:00:00Z",
    asked="a",
)


def result(change: Change, outcome: Outcome) -> Result:
    """A result with everything that such an outcome tells."""
    if outcome is Outcome.APPLIED:
        return Result(change=change, outcome=outcome)
    operation = change.operations[0] if outcome in (Outcome.FAILED, Outcome.UNKNOWN) else None
    return Result(
        change=change,
        outcome=outcome,
        operation=operation,
        started=True,
        message=f"why it is {outcome}",
        call="PATCH /mcp/rms_1" if operation else "",
        help=("do this",),
        consent=_CONSENT if outcome is Outcome.PENDING else None,
    )


def ending() -> Ending:
    """One result of each outcome, in a run that was stopped."""
    changes = mixed().changes
    results = [result(change, outcome) for change, outcome in zip(changes, Outcome, strict=False)]
    stopped = Stopped(message="the token has ended", call="GET /spaces", help=("renew it",))
    home = Span(file="manifests/acme.yaml", line=3, column=1, end_line=3, end_column=9)
    report = Report(results=tuple(results), stopped=stopped)
    return Ending(workspace="acme (w1)", report=report, home=home)
