"""How an apply ended, as Markdown, JUnit and annotations."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.execution import Outcome, Report, Result, Stopped
from reconciler.resources import Change
from reconciler.state import Consent
from reconciler.views import Ending
from reconciler.views.ending_reports import ending_annotations, ending_junit
from reconciler.views.markdown import ending_markdown, utf16_units
from tests.views.golden_files import assert_golden
from tests.views.rendered import Rendered
from tests.views.reviews import huge, mixed
from tests.views.test_annotations import parsed

LIMIT = 65_000
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
    return Ending(workspace="acme (w1)", report=Report(results=tuple(results), stopped=stopped))


def markdown(made: Ending, limit: int = LIMIT) -> str:
    return ending_markdown(made, link_to="https://ci.example/1", limit=limit, measure=utf16_units)


def test_the_end_reads_as_agreed() -> None:
    made = ending()
    assert_golden("reports/ending.md", markdown(made))
    assert_golden("reports/ending.junit.xml", ending_junit(made))
    assert_golden("reports/ending.annotations", ending_annotations(made))


def test_what_needs_somebody_comes_first() -> None:
    titles = re.findall(r"^### (.*) \(", markdown(ending()), re.MULTILINE)
    assert titles == [
        "Stopped",
        "Failed",
        "Waiting for a sign-in",
        "Refused, and held back",
        "Not tried",
        "Applied",
    ]


def test_who_must_sign_in_where_is_told_and_pings_nobody() -> None:
    made = Rendered.of(markdown(ending()))
    assert "ana@acme.example has to sign in" in made.text
    assert "https://auth.example/authorize" in made.text
    assert "client_id" not in made.text, "whoever reads it could begin that very sign-in"
    assert made.links == ["https://ci.example/1"]
    assert "@acme" not in made.loud


def test_failures_fail_and_what_waits_is_skipped() -> None:
    root = ET.fromstring(ending_junit(ending()))
    assert (root.attrib["failures"], root.attrib["errors"], root.attrib["skipped"]) == (
        "2",
        "2",
        "2",
    )


def test_annotations_name_what_failed_on_its_line() -> None:
    found = parsed(ending_annotations(ending()))
    assert [level for level, _, _ in found] == ["error"] * 4 + ["warning"]
    assert [properties["title"].partition(":")[0] for _, properties, _ in found] == [
        "stopped",
        "failed",
        "unknown",
        "refused",
        "pending",
    ]
    assert any(properties.get("file", "").startswith("manifests/") for _, properties, _ in found)


def test_an_apply_that_went_well_needs_no_annotation() -> None:
    results = tuple(result(change, Outcome.APPLIED) for change in mixed().changes)
    assert ending_annotations(Ending(workspace="w", report=Report(results=results))) == ""


@pytest.mark.parametrize("limit", [LIMIT, 20_000])
def test_5000_results_fit(limit: int) -> None:
    outcomes = (Outcome.APPLIED, Outcome.FAILED, Outcome.PENDING, Outcome.SKIPPED)
    results = tuple(
        result(change, outcomes[number % len(outcomes)])
        for number, change in enumerate(huge().changes)
    )
    text = markdown(Ending(workspace="w", report=Report(results=results)), limit)
    assert limit * 0.9 < utf16_units(text) <= limit
    assert Rendered.of(text).faults == []


@given(st.text(), st.text(), st.sampled_from([o for o in Outcome if o is not Outcome.APPLIED]))
@settings(deadline=None, max_examples=50)
def test_whatever_a_platform_says_stays_text(text: str, other: str, outcome: Outcome) -> None:
    change = mixed().changes[0]
    told = replace(result(change, outcome), message=text, call=other, help=(text, other))
    stopped = Stopped(message=other, call=text, help=(text,))
    made = Ending(workspace=text, report=Report(results=(told,), stopped=stopped))
    page = Rendered.of(markdown(made))
    assert page.faults == []
    assert page.links == ["https://ci.example/1"]
    assert set(page.tags) <= {"h2", "h3", "hr", "p", "ul", "li", "code", "strong", "a"}
    ET.fromstring(ending_junit(made))
    parsed(ending_annotations(made))
