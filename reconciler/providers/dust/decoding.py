"""From an answer's bytes to a value, or to words for what doesn't fit (never the value itself)."""

import json
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from reconciler.providers.dust.answers import Answer

T = TypeVar("T")
_MOST_FIELDS = 3
_LONGEST_PATH = 120


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
    try:
        return adapter.validate_json(answer.body)
    except ValidationError as error:
        # Its text holds values, which may be secrets: only places and types leave this function.
        faults = error.errors(include_url=False, include_context=False)
    if faults[0]["type"] == "json_invalid":
        what = "an HTML page" if "html" in answer.content_type else "something else"
        return Misfit(f"expected JSON, got {what} of {len(answer.body)} bytes")
    described = [_fault(fault["loc"], fault["type"], fault["input"]) for fault in faults]
    more = len(described) - _MOST_FIELDS
    return Misfit("; ".join(described[:_MOST_FIELDS]) + (f"; and {more} more" if more > 0 else ""))


def _fault(place: tuple[int | str, ...], kind: str, value: object) -> str:
    where = _path(place)
    if kind == "missing":
        return f"expected the field `{where}`, which is missing"
    if kind == "string_pattern_mismatch":
        return f"expected an id in `{where}`, got text that can't be one"
    return f"expected {_expected(kind)} in `{where}`, got {shape_of(value)}"


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
