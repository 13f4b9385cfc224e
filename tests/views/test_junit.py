"""Reviews as JUnit XML: well-formed with any text, refusals and drift as failures."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.diagnostics import Code, Diagnostic, Span
from reconciler.views import Failure, Review, review_of_failure
from reconciler.views.junit import Case, Fault, junit, junit_xml
from tests.views.golden_files import assert_golden
from tests.views.reviews import REVIEWS, drift, huge, mixed


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text.encode("utf-8"))


def failures(review: Review) -> dict[str, str]:
    """The type of failure of each case that has one."""
    found = {}
    for case in parsed(junit(review)).iter("testcase"):
        failure = case.find("failure")
        if failure is not None:
            found[case.attrib["name"]] = failure.attrib["type"]
    return found


@pytest.mark.parametrize("name", ["mixed", "stopped", "denied", "valid", "drift"])
def test_a_review_reads_as_agreed(name: str) -> None:
    assert_golden(f"reports/{name}.junit.xml", junit(REVIEWS[name]()))


def test_refusals_fail_by_their_gate_and_drift_as_drift() -> None:
    assert failures(mixed()) == {
        "MCPServer/plain": "policy",
        "MCPServer/wiki": "wider-scopes",
        "Space/buero": "open-space",
        "Space/ops": "drift",
    }


def test_what_is_as_declared_passes() -> None:
    names = [case.attrib["name"] for case in parsed(junit(drift())).iter("testcase")]
    assert "MCPServer/plain" in names
    assert "MCPServer/plain" not in failures(drift())


@pytest.mark.parametrize("review", [*REVIEWS.values(), huge])
def test_the_totals_agree_with_the_cases(review: object) -> None:
    assert callable(review)
    root = parsed(junit(review()))
    for element in (root, *root.iter("testsuite")):
        assert int(element.attrib["tests"]) == len(list(element.iter("testcase")))
        assert int(element.attrib["failures"]) == len(list(element.iter("failure")))
        assert int(element.attrib["errors"]) == len(list(element.iter("error")))


def test_what_ended_without_a_plan_is_an_error() -> None:
    failure = Failure(code=7, message="the state is locked", help=("wait",))
    root = parsed(junit(review_of_failure("Plan", failure, [])))
    error = root.find("testsuite/testcase/error")
    assert error is not None
    assert (error.attrib["type"], error.attrib["message"], error.text) == (
        "exit code 7",
        "the state is locked",
        "wait",
    )


@given(st.text(), st.text(st.characters(exclude_categories=())))
@example("\ufffe\x00]]>", "\ud800\uffff\x1b")
def test_any_text_makes_well_formed_xml(text: str, wild: str) -> None:
    span = Span(file=wild, line=1, column=1, end_line=1, end_column=1)
    item = Diagnostic(code=Code.WRONG_TYPE, message=text, notes=(wild,), span=span)
    parsed(junit(review_of_failure(text, Failure(code=1, message=wild), [item])))
    fault = Fault(type=wild, message=text, lines=(wild, text))
    case = Case(suite=text, name=wild, error=fault, skipped=text, out=(wild,))
    root = parsed(junit_xml(wild, [case], [text, wild]))
    assert len(list(root.iter("testcase"))) == 1
