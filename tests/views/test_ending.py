"""How an apply ended, as Markdown, JUnit and annotations."""

import json
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from reconciler.execution import Outcome, Report, Stopped
from reconciler.views import Ending
from reconciler.views.ending_reports import ending_annotations, ending_junit, ending_sarif
from reconciler.views.formats import ENDING_FORMATS, REVIEW_FORMATS
from reconciler.views.html import ending_html
from reconciler.views.markdown import ending_markdown, utf16_units
from tests.views.endings import ending, result
from tests.views.golden_files import assert_golden, without_version
from tests.views.html.test_page import data_of
from tests.views.rendered import Rendered
from tests.views.reviews import huge, mixed
from tests.views.test_annotations import parsed

LIMIT = 65_000


def markdown(made: Ending, limit: int = LIMIT) -> str:
    return ending_markdown(made, link_to="https://ci.example/1", limit=limit, measure=utf16_units)


def test_the_end_reads_as_agreed() -> None:
    made = ending()
    assert_golden("reports/ending.md", markdown(made))
    assert_golden("reports/ending.junit.xml", ending_junit(made))
    assert_golden("reports/ending.annotations", ending_annotations(made))
    assert_golden("reports/ending.sarif", without_version(ending_sarif(made)))
    told = json.dumps(data_of(ending_html(made)), indent=1, ensure_ascii=False) + "\n"
    assert_golden("html/ending.json", told)


def test_the_end_is_told_in_every_format_in_which_a_plan_is() -> None:
    assert list(ENDING_FORMATS) == list(REVIEW_FORMATS)


def test_a_page_that_is_too_large_keeps_what_was_not_done() -> None:
    told = data_of(ending_html(ending(), largest=5))
    assert {change["result"]["code"] for change in told["changes"]} == {
        "pending", "failed", "uncertain", "not tried", "refused"
    }  # fmt: skip
    assert "5 of 6 changes" in told["notes"][0]


def test_code_scanning_is_told_what_was_not_done() -> None:
    run = json.loads(ending_sarif(ending()))["runs"][0]
    assert [(found["ruleId"], found["level"]) for found in run["results"]] == [
        ("apply-stopped", "error"),
        ("apply-pending", "warning"),
        ("apply-failed", "error"),
        ("apply-uncertain", "error"),
        ("apply-skipped", "note"),
        ("apply-refused", "error"),
    ]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [rules[found["ruleIndex"]] for found in run["results"]] == [
        found["ruleId"] for found in run["results"]
    ]


def test_code_scanning_takes_what_it_is_told(schema: Draft4Validator) -> None:
    done = tuple(result(change, Outcome.APPLIED) for change in mixed().changes)
    for made in (ending(), Ending(workspace="w", report=Report(results=done))):
        assert not list(schema.iter_errors(json.loads(ending_sarif(made))))
    assert json.loads(ending_sarif(made))["runs"][0]["results"] == []


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
