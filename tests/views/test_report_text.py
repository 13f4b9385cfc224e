"""The report of an apply, as text and as JSON."""

import json
from pathlib import Path

import jsonschema
import pytest

from reconciler.diagnostics import PLAIN
from reconciler.execution import Outcome, Report, Result, Stopped
from reconciler.resources import Change
from reconciler.views import outcome_line, report_json, report_text, summary
from tests.parts.values import plan, server, snapshot

ROOT = Path(__file__).parents[2]


def change() -> Change:
    """A creation of two operations."""
    wanted = server("github", {"displayName": "GitHub", "icon": "ActionCarIcon"})
    (made,) = plan([wanted], snapshot()).changes
    return made


def result(outcome: Outcome, *, at: int | None = None, started: bool = False) -> Result:
    """A result; `at` is the operation that it stopped at."""
    made = change()
    return Result(
        change=made,
        outcome=outcome,
        operation=None if at is None else made.operations[at],
        started=started,
        message="the server said\x1b[2K no",
        call="PATCH /mcp/rms_1",
        help=("try again",),
    )


FAILED = result(Outcome.FAILED, at=1, started=True)


def test_a_failure_says_what_it_was_doing_and_what_helps() -> None:
    assert report_text(Report(results=(FAILED,)), PLAIN) == (
        "failed + MCPServer/github\n"
        "  the server said<U+001B>[2K no\n"
        "  = while: icon ActionCarIcon (PATCH /mcp/rms_1)\n"
        "  = help: try again\n"
        "\n"
        "Apply: 1 failed.\n"
    )


def test_a_failure_at_the_first_of_several_says_how_much_was_left() -> None:
    text = report_text(Report(results=(result(Outcome.UNKNOWN, at=0, started=True),)), PLAIN)
    assert "1 operation after it not sent" in text
    assert "makes no duplicate" in text


def test_what_went_well_needs_no_words() -> None:
    assert report_text(Report(results=(result(Outcome.APPLIED),)), PLAIN) == "Apply: 1 applied.\n"


@pytest.mark.parametrize(
    ("results", "interrupted", "line"),
    [
        ((), False, "Apply: nothing to do."),
        ((result(Outcome.UNKNOWN, at=0),), False, "Apply: 1 uncertain."),
        ((FAILED, result(Outcome.SKIPPED)), True, "Interrupted: 1 failed, 1 skipped."),
        (
            (result(Outcome.PENDING, at=0), result(Outcome.REFUSED)),
            False,
            "Apply: 1 pending, 1 refused.",
        ),
    ],
)
def test_the_summary_counts_outcomes(
    results: tuple[Result, ...], interrupted: bool, line: str
) -> None:
    assert summary(Report(results=results, interrupted=interrupted), PLAIN) == line


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_line_of_its_own(outcome: Outcome) -> None:
    line = outcome_line(result(outcome, at=0), PLAIN)
    assert "MCPServer/github" in line
    assert "\x1b" not in line
    assert "\n" not in line


def test_a_report_fits_its_published_schema() -> None:
    made = report_json(Report(results=tuple(result(o, at=0) for o in Outcome)))
    schema = json.loads((ROOT / "schemas" / "report.schema.json").read_text("utf-8"))
    jsonschema.validate(json.loads(json.dumps(made)), schema)
    assert made["summary"] == {outcome.value: 1 for outcome in Outcome}


def test_a_run_that_could_not_go_on_says_why_once_and_how_to_go_on() -> None:
    stopped = Stopped(message="the token has expired", call="POST /mcp", help=("sign in again",))
    skipped = result(Outcome.SKIPPED)
    report = Report(results=(result(Outcome.APPLIED), skipped, skipped), stopped=stopped)
    assert report_text(report, PLAIN) == (
        "stopped the token has expired\n"
        "  = while: POST /mcp\n"
        "  = note: 1 change applied; 2 changes not tried\n"
        "  = help: sign in again\n"
        "  = help: apply again afterwards: it goes on where this run stopped\n"
        "\n"
        "Apply: 1 applied, 2 skipped.\n"
    )
    made = report_json(report)
    assert made["stopped"]["message"] == "the token has expired"
    schema = json.loads((ROOT / "schemas" / "report.schema.json").read_text())
    jsonschema.validate(made, schema)
