"""Documents of any size are written a piece at a time, and say what the standard library says."""

import hashlib
import json
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.resources import Each, digest_of, indented, lined

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
Writer = Callable[[Any], Iterator[str]]


def made(value: Any) -> Any:
    """The value with its outer lists made one value at a time."""
    if isinstance(value, dict):
        return {key: made(item) for key, item in value.items()}
    return Each(lambda item: item, value) if isinstance(value, list) else value


@given(ANY_JSON)
def test_indented_text_is_that_of_the_standard_library(value: Any) -> None:
    assert "".join(indented(value)) == json.dumps(value, indent=2, ensure_ascii=False)
    assert "".join(indented(made(value))) == json.dumps(value, indent=2, ensure_ascii=False)


@given(ANY_JSON)
def test_a_digest_is_over_canonical_text(value: Any) -> None:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    expected = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    assert digest_of(value) == expected
    assert digest_of(made(value)) == expected


@given(ANY_JSON)
def test_lined_text_is_the_same_value(value: Any) -> None:
    assert json.loads("".join(lined(value))) == value
    assert "".join(lined(made(value))) == "".join(lined(value))


def test_lined_text_has_one_change_a_line() -> None:
    text = "".join(lined({"changes": [{"b": 1, "a": [1, 2]}, {"b": 2}], "at": "now"}))
    assert text.splitlines() == [
        '{"at": "now",',
        '"changes": [{"a": [1, 2], "b": 1},',
        '{"b": 2}]}',
    ]


@pytest.mark.parametrize("write", [indented, lined])
def test_a_long_list_is_never_whole_in_memory(write: Writer) -> None:
    whole = {"changes": Each(lambda number: {"text": str(number) * 100}, range(20_000))}
    tracemalloc.start()
    try:
        size = sum(map(len, write(whole)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > 8_000_000
    assert peak < size / 10
