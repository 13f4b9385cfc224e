"""Reviews as workflow commands: one line each, escaped, the worst first and at most ten."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.diagnostics import Code, Diagnostic, Severity, Span, printable
from reconciler.views import Failure, review_of_failure
from reconciler.views.annotations import SHOWN, annotations
from tests.views.golden_files import assert_golden
from tests.views.reviews import REVIEWS, huge

_COMMAND = re.compile(r"::(error|warning|notice) ((?:\w+=[^,:\r\n]*,?)+)::([^\r\n]*)")


def parsed(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Read commands as the runner does; fails on a line that is none."""
    found = []
    for line in text.split("\n")[:-1]:
        made = _COMMAND.fullmatch(line)
        assert made is not None, line
        pairs = (pair.split("=", 1) for pair in made[2].split(","))
        properties = {name: _unescaped(value, {"%3A": ":", "%2C": ","}) for name, value in pairs}
        found.append((made[1], properties, _unescaped(made[3], {})))
    return found


def _unescaped(text: str, more: dict[str, str]) -> str:
    for code, char in {"%0D": "\r", "%0A": "\n", **more, "%25": "%"}.items():
        text = text.replace(code, char)
    return text


@pytest.mark.parametrize("name", REVIEWS)
def test_a_review_reads_as_agreed(name: str) -> None:
    assert_golden(f"reports/{name}.annotations", annotations(REVIEWS[name]()))


def test_a_huge_review_is_counted_behind_the_first_ten() -> None:
    text = annotations(huge())
    assert_golden("reports/huge.annotations", text)
    levels = [level for level, _, _ in parsed(text)]
    assert levels == ["error"] * SHOWN + ["warning"] * SHOWN + ["notice"]
    left = huge().counts.refused - SHOWN
    assert f"{left} more errors and " in parsed(text)[-1][2]


def test_a_failure_without_a_place_is_told_by_itself() -> None:
    failure = Failure(code=7, message="the state is locked", help=("wait",))
    ((level, properties, told),) = parsed(annotations(review_of_failure("Plan", failure, [])))
    assert (level, properties, told) == (
        "error",
        {"title": "Plan"},
        "the state is locked\nwait",
    )


def test_a_stretch_over_several_lines_has_no_column() -> None:
    span = Span(file="a", line=1, column=2, end_line=3, end_column=1)
    item = Diagnostic(code=Code.WRONG_TYPE, message="x", span=span)
    made = review_of_failure("Plan", Failure(code=1, message=""), [item])
    ((_, properties, _),) = parsed(annotations(made))
    assert properties == {"file": "a", "line": "1", "title": "wrong-type"}


@given(message=st.text(), file=st.text(), severity=st.sampled_from(Severity))
@example(message="100%0A::error::x%", file="a%3Ab,c:d", severity=Severity.ERROR)
def test_any_text_stays_in_its_command(message: str, file: str, severity: Severity) -> None:
    span = Span(file=file, line=1, column=1, end_line=1, end_column=2)
    item = Diagnostic(
        code=Code.WRONG_TYPE, message=message, span=span, notes=(message,), severity=severity
    )
    failure = Failure(code=1, message="stopped")
    found = parsed(annotations(review_of_failure("Plan", failure, [item])))
    told = next((more, text) for level, more, text in found if level == severity.value)
    assert told[0]["file"] == printable(file)
    assert told[1] == f"{printable(message)}\nnote: {printable(message)}"
