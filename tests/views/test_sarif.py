"""Reviews as SARIF: they fit the standard's schema, and say where in UTF-16."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from reconciler.diagnostics import Code, Diagnostic, Span
from reconciler.views import Failure, Review, placed, review_of_failure
from reconciler.views.places import uri_of
from reconciler.views.sarif import sarif
from tests.views.golden_files import assert_golden, without_version
from tests.views.reviews import REVIEWS, huge


def results(review: Review) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(sarif(review))["runs"][0]["results"]
    return found


def of(*found: Diagnostic) -> Review:
    return review_of_failure("Plan", Failure(code=1, message="no"), found)


def at(span: Span | None, message: str = "wrong") -> Diagnostic:
    return Diagnostic(code=Code.WRONG_TYPE, message=message, span=span)


def region(span: Span) -> dict[str, int]:
    (found,) = results(of(at(span)))
    made: dict[str, int] = found["locations"][0]["physicalLocation"]["region"]
    return made


@pytest.mark.parametrize("name", ["mixed", "stopped", "denied", "valid"])
def test_a_review_reads_as_agreed(name: str) -> None:
    assert_golden(f"reports/{name}.sarif", without_version(sarif(REVIEWS[name]())))


@pytest.mark.parametrize("name", REVIEWS)
def test_it_fits_the_schema_of_the_standard(name: str, schema: Draft4Validator) -> None:
    faults = [fault.message for fault in schema.iter_errors(json.loads(sarif(REVIEWS[name]())))]
    assert faults == []


def test_columns_count_utf_16_units() -> None:
    line = 'a: "🛎🛎" # x'
    found = region(Span(file="a", line=2, column=9, end_line=2, end_column=10, excerpt=line))
    assert found == {"startLine": 2, "endLine": 2, "startColumn": 11, "endColumn": 12}


def test_without_the_text_of_a_line_only_lines_are_told() -> None:
    assert region(Span(file="a", line=2, column=9, end_line=3, end_column=1)) == {
        "startLine": 2,
        "endLine": 3,
    }


def test_what_has_no_place_is_shown_where_the_workspace_is_declared() -> None:
    home = Span(file="acme.yaml", line=4, column=1, end_line=4, end_column=2)
    (found,) = results(replace(of(at(None)), home=home))
    assert found["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "acme.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 4},
    }


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("manifests/a b.yaml", ("manifests/a%20b.yaml", True)),
        ("ä#?%.yaml", ("%C3%A4%23%3F%25.yaml", True)),
        ("/etc/x.yaml", ("file:///etc/x.yaml", False)),
        ("C:/x y.yaml", ("file:///C:/x%20y.yaml", False)),
    ],
)
def test_a_file_is_a_uri(file: str, uri: tuple[str, bool]) -> None:
    assert uri_of(file) == uri


def test_a_result_keeps_its_fingerprint_when_lines_move_and_twins_have_their_own() -> None:
    here = Span(file="a", line=1, column=1, end_line=1, end_column=2)
    there = replace(here, line=9, end_line=9)
    marks = [each["partialFingerprints"] for each in results(of(at(here), at(there)))]
    assert marks[0] != marks[1]
    moved = [each["partialFingerprints"] for each in results(of(at(there), at(here)))]
    assert marks == moved


def test_a_message_can_not_hold_a_link() -> None:
    (found,) = results(of(at(None, "see [this](https://evil.example)")))
    assert "](" not in found["message"]["text"]


def test_every_rule_says_what_to_do_about_it() -> None:
    for rule in json.loads(sarif(REVIEWS["mixed"]()))["runs"][0]["tool"]["driver"]["rules"]:
        assert len(rule["fullDescription"]["text"]) > 20
        assert "\n- " in rule["help"]["text"]


def test_every_refusal_of_a_huge_plan_is_a_result() -> None:
    assert len(results(huge())) == huge().counts.refused


@given(text=st.text(), file=st.text(min_size=1))
@settings(deadline=None, max_examples=40)
def test_any_text_is_told_as_json_with_a_valid_uri(text: str, file: str) -> None:
    span = Span(file=file, line=1, column=1, end_line=1, end_column=1, excerpt=text)
    found = results(of(placed(at(span, text), str)))
    uri = found[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert re.fullmatch(r"(file://)?[A-Za-z0-9._~/:%-]+", uri)
