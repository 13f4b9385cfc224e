"""Located messages: how they read, and what they can't do to a terminal."""

import re

from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import (
    Code,
    Diagnostic,
    Diagnostics,
    Palette,
    Severity,
    Span,
    as_json,
    printable,
    render_json,
    render_text,
)

AUTHH = Diagnostic(
    code=Code.UNKNOWN_FIELD,
    message="`authh` is not a field of MCPServer",
    span=Span(
        file="manifests/github.yaml", line=8, column=3, end_line=8, end_column=8, excerpt="  authh:"
    ),
    label="not a known field",
    help=("did you mean `auth`?",),
)


def test_a_message_shows_its_line_with_carets() -> None:
    assert render_text([AUTHH]) == (
        "error[unknown-field]: `authh` is not a field of MCPServer\n"
        "  --> manifests/github.yaml:8:3\n"
        "  |\n"
        "8 |   authh:\n"
        "  |   ^^^^^ not a known field\n"
        "  |\n"
        "  = help: did you mean `auth`?\n"
    )


def test_a_line_that_may_not_be_shown_leaves_the_label() -> None:
    span = Span(file="a.yaml", line=12, column=1, end_line=12, end_column=2)
    text = render_text([Diagnostic(code=Code.LITERAL_SECRET, message="m", span=span, label="here")])
    assert text == "error[literal-secret]: m\n   --> a.yaml:12:1\n   = here\n"


def test_a_message_without_a_place_is_a_headline() -> None:
    item = Diagnostic(code=Code.NO_MANIFESTS, message="m", severity=Severity.WARNING)
    assert render_text([item]) == "warning[no-manifests]: m\n"


def test_two_messages_are_a_line_apart_and_none_are_nothing() -> None:
    assert "?\n\nerror" in render_text([AUTHH, AUTHH])
    assert render_text([]) == ""


def test_colour_changes_no_letter() -> None:
    coloured = render_text([AUTHH], Palette(enabled=True))
    assert coloured != render_text([AUTHH])
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == render_text([AUTHH])


def test_as_json_a_message_has_a_place() -> None:
    place = {
        "file": "manifests/github.yaml",
        "line": 8,
        "column": 3,
        "endLine": 8,
        "endColumn": 8,
    }
    assert render_json([AUTHH]) == [as_json(AUTHH)]
    assert as_json(AUTHH)["place"] == place
    assert (as_json(AUTHH)["code"], as_json(AUTHH)["severity"]) == ("unknown-field", "error")


def test_messages_come_by_place_once_and_without_a_place_last() -> None:
    def at(file: str, line: int) -> Diagnostic:
        span = Span(file=file, line=line, column=1, end_line=line, end_column=2)
        return Diagnostic(code=Code.EMPTY_VALUE, message="m", span=span)

    nowhere = Diagnostic(code=Code.NO_MANIFESTS, message="a")
    sorted_ones = Diagnostics.of([nowhere, at("b", 1), at("a", 10), at("a", 9), at("b", 1)])
    assert tuple(sorted_ones) == (at("a", 9), at("a", 10), at("b", 1), nowhere)


def test_the_order_does_not_depend_on_who_came_first() -> None:
    one = Diagnostic(code=Code.UNKNOWN_TOOL, message="m", address="MCPServer/a")
    two = Diagnostic(code=Code.UNKNOWN_TOOL, message="m", address="MCPServer/b")
    assert Diagnostics.of([two, one]) == Diagnostics.of([one, two])


def test_errors_and_warnings_are_told_apart() -> None:
    warning = Diagnostic(code=Code.UNKNOWN_TOOL, message="w", severity=Severity.WARNING)
    both = Diagnostics.of([AUTHH]) + Diagnostics.of([warning])
    assert (both.errors, both.warnings, len(both)) == ((AUTHH,), (warning,), 2)


SPANS = st.builds(
    lambda line, column, more, width, excerpt: Span(
        file="a.yaml",
        line=line,
        column=column,
        end_line=line + more,
        end_column=width,
        excerpt=excerpt,
    ),
    st.integers(1, 9999),
    st.integers(1, 400),
    st.integers(0, 2),
    st.integers(1, 400),
    st.none() | st.text(max_size=300),
)


@given(SPANS, st.text(max_size=30), st.text(max_size=30))
def test_no_message_moves_the_cursor_and_every_line_stays_short(
    span: Span, message: str, label: str
) -> None:
    item = Diagnostic(code=Code.WRONG_TYPE, message=message, span=span, label=label, help=(label,))
    text = render_text([item])
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert all(len(line) <= 900 for line in text.split("\n"))


@given(st.text("abc é\u200b", min_size=1, max_size=20), st.data())
def test_carets_stand_below_the_place(excerpt: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(excerpt) - 1))
    end = data.draw(st.integers(start + 1, len(excerpt)))
    span = Span(file="a", line=7, column=start + 1, end_line=7, end_column=end + 1, excerpt=excerpt)
    lines = render_text([Diagnostic(code=Code.WRONG_TYPE, message="m", span=span)]).split("\n")
    shown, carets = lines[3], lines[4]
    assert shown == f"7 | {printable(excerpt)}"
    marked = "".join(c for c, caret in zip(shown[4:], carets[4:], strict=False) if caret == "^")
    assert marked == printable(excerpt[start:end])


def test_the_place_in_a_very_long_line_is_still_shown() -> None:
    excerpt = "x" * 500 + "HERE" + "x" * 500
    span = Span(file="a", line=7, column=501, end_line=7, end_column=505, excerpt=excerpt)
    lines = render_text([Diagnostic(code=Code.WRONG_TYPE, message="m", span=span)]).split("\n")
    at = lines[4].index("^^^^")
    assert lines[3][at : at + 4] == "HERE"
    assert len(lines[3]) < 200
