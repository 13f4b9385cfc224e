"""A point inside a text is found in the YAML that writes the text down, or said to be unknown."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifests.scalar_points import index_of

_TEXTS = st.text(st.sampled_from("ab \n'\"#:é"), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("source", "line", "column", "found"),
    [
        ("a == b", 1, 6, "b"),
        ("'a == b'", 1, 6, "b"),
        ('"a == b"', 1, 1, "a"),
        ("|\n  a &&\n    b\n", 2, 3, "b"),
        ("|-  # why\n    a &&\n    b\n", 2, 1, "b"),
        ("|2\n  a &&\n  b\n", 2, 1, "b"),
        (">\n  a ==\n\n  b\n", 1, 1, "a"),
    ],
)
def test_the_point_is_where_the_text_says(source: str, line: int, column: int, found: str) -> None:
    index = index_of(source, yaml.safe_load(source), line, column)
    assert index is not None
    assert source[index] == found


@pytest.mark.parametrize("source", ["'it''s b'", '"a \\" b"', "a\n  b"])
def test_a_text_that_is_written_otherwise_has_no_known_points(source: str) -> None:
    assert index_of(source, yaml.safe_load(source), 1, 2) is None


@given(_TEXTS, st.sampled_from([None, "'", '"', "|", ">"]), st.data())
def test_a_point_that_is_found_is_the_right_one(
    text: str, style: str | None, data: st.DataObject
) -> None:
    source = yaml.dump(text, default_style=style, allow_unicode=True).removesuffix("...\n")
    value = yaml.safe_load(source)
    assert value == text
    lines = text.split("\n")
    line = data.draw(st.integers(1, len(lines)))
    column = data.draw(st.integers(1, len(lines[line - 1]) + 1))
    index = index_of(source.removesuffix("\n") if style != "|" else source, value, line, column)
    if index is not None and column <= len(lines[line - 1]):
        assert source[index] == lines[line - 1][column - 1]
