"""From an answer's bytes to a value, or to words for what doesn't fit (never the value itself)."""

import json
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from reconciler.providers.dust.answers import Answer

T = TypeVar("T")
_MOST_FIELDS = 3
_LONGEST_PATH = 120
# Once parsed, an object takes up to 800 bytes and another value 64: many more than on the wire.
_MOST_OBJECTS, _MOST_VALUES = 1_000_000, 5_000_000
_SMALL = 2**20  # bytes; of more than that, to make a value only to name its type costs too much


@dataclass(frozen=True, slots=True)
class Misfit:
    """What was expected and what came."""

    words: str

    def __str__(self) -> str:
        return self.words


def decode(adapter: TypeAdapter[T], answer: Answer) -> T | Misfit:
    """The body as a value of the adapter's type, or why it isn't one."""
    if not answer.body.strip():
        return Misfit("expected JSON, got an empty body")
    if answer.body.count(b"{") > _MOST_OBJECTS or answer.body.count(b",") > _MOST_VALUES:
        return Misfit(f"expected at most {_MOST_OBJECTS} objects and {_MOST_VALUES} values")
    try:
        return adapter.validate_json(answer.body)
    except ValidationError as error:
        # Its text holds values, which may be secrets: only places and types leave this function.
        small = len(answer.body) <= _SMALL
        faults = error.errors(include_url=False, include_context=False, include_input=small)
    if faults[0]["type"] == "json_invalid":
        what = "an HTML page" if "html" in answer.content_type else "something else"
        return Misfit(f"expected JSON, got {what} of {len(answer.body)} bytes")
    described = [_fault(f["loc"], f["type"], shape_of(f["input"]) if small else "") for f in faults]
    more = len(described) - _MOST_FIELDS
    return Misfit("; ".join(described[:_MOST_FIELDS]) + (f"; and {more} more" if more > 0 else ""))


def _fault(place: tuple[int | str, ...], kind: str, found: str) -> str:
    where = _path(place)
    if kind == "missing":
        return f"expected the field `{where}`, which is missing"
    if kind == "string_pattern_mismatch":
        return f"expected an id in `{where}`, got text that can't be one"
    expected = "fewer rows" if kind == "too_long" else _expected(kind)
    return f"expected {expected} in `{where}`" + (f", got {found}" if found else "")


def _path(place: tuple[int | str, ...]) -> str:
    # Segments are names of our models or positions, except keys of maps, which servers choose:
    # those are cut and made printable.
    path = ""
    for segment in place:
        path += f"[{segment}]" if isinstance(segment, int) else f".{json.dumps(segment)[1:-1]}"
    return (path.removeprefix(".") or "(the whole body)")[:_LONGEST_PATH]


def _expected(kind: str) -> str:
    words = {
        "string": "text",
        "bool": "true or false",
        "int": "a whole number",
        "list": "a list",
        "tuple": "a list",
        "dict": "an object",
        "model": "an object",
        "literal": "one of the known words",
    }
    return words.get(kind.partition("_")[0], "another value")


def shape_of(value: Any) -> str:
    """What kind of JSON value it is, without the value."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return f"text of {len(value)} characters"
        case list():
            return f"a list of {len(value)}"
        case dict():
            return f"an object with {len(value)} fields" if value else "an empty object"
        case _:
            return "another value"
