"""JSON Schemas as rules: a closed set of keywords, no network, within bounds.

A keyword that the validator doesn't know, or only takes as a comment (`format`), would let
everything pass, so it is a flaw here. Patterns are matched in linear time by the regular
expressions of Rust, and what a judgement takes is counted.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import StringConstraints, TypeAdapter, ValidationError
from pydantic_core import SchemaError

from reconciler.diagnostics import Code
from reconciler.policy.verdicts import Bindings, Failure, Flaw, Flawed, Test, shortened

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

AT = ("schema",)
DRAFT = "https://json-schema.org/draft/2020-12/schema"
MOST_STEPS = 100_000
"""Keywords that one judgement may evaluate."""
MOST_DEPTH = 40

_MAPS = frozenset(("properties", "$defs", "dependentSchemas"))
_LISTS = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_SINGLE = frozenset(
    ("additionalProperties", "propertyNames", "items", "contains", "not", "if", "then", "else")
)
_PLAIN = frozenset(
    """type enum const required minProperties maxProperties minItems maxItems uniqueItems
    minContains maxContains pattern minLength maxLength minimum maximum exclusiveMinimum
    exclusiveMaximum multipleOf dependentRequired $ref $schema title description $comment""".split()  # noqa: SIM905 - a list of words reads better as words
)
KEYWORDS = _MAPS | _LISTS | _SINGLE | _PLAIN
_LOCAL = re.compile(r"#/\$defs/([A-Za-z0-9_.-]+)")


class _TooMuch(Exception):
    """The budget of a judgement is used up."""


def compile_schema(schema: Mapping[str, Any], on: str) -> Test:
    """A test that holds when the variable named `on` fits `schema`; raises Flawed."""
    from jsonschema import Draft202012Validator, FormatChecker
    from jsonschema.exceptions import SchemaError as BadSchema

    flaws = list(_flaws(schema, schema, AT, 0))
    if flaws:
        raise Flawed(*flaws)
    try:
        # Patterns are Rust's, which `re` doesn't always know; they were compiled above.
        Draft202012Validator.check_schema(schema, format_checker=FormatChecker(formats=()))
    except BadSchema as error:
        at = (*AT, *error.absolute_path)
        raise Flawed(_flaw(at, f"not a JSON Schema: {shortened(error.message)}")) from None

    def test(bindings: Bindings) -> Failure | None:
        return _fits(schema, bindings[on])

    return test


def _flaws(
    schema: Any, root: Mapping[str, Any], at: tuple[str | int, ...], depth: int
) -> Iterator[Flaw]:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        yield _flaw(at, "a schema is a mapping, or `true` or `false`")
        return
    if depth > MOST_DEPTH:
        yield _flaw(at, f"the schema nests more than {MOST_DEPTH} levels deep")
        return
    for keyword, value in schema.items():
        here = (*at, keyword)
        if keyword not in KEYWORDS:
            yield _unknown(here, keyword)
        elif keyword in _MAPS and isinstance(value, dict):
            for name, inner in value.items():
                yield from _flaws(inner, root, (*here, name), depth + 1)
        elif keyword in _LISTS and isinstance(value, list):
            for number, inner in enumerate(value):
                yield from _flaws(inner, root, (*here, number), depth + 1)
        elif keyword in _SINGLE:
            yield from _flaws(value, root, here, depth + 1)
        else:
            yield from _plain_flaws(keyword, value, root, here)


def _plain_flaws(
    keyword: str, value: Any, root: Mapping[str, Any], at: tuple[str | int, ...]
) -> Iterator[Flaw]:
    if keyword == "$schema" and value != DRAFT:
        yield _flaw(at, "only draft 2020-12 of JSON Schema is known", f"write `{DRAFT}`")
    elif keyword == "$ref":
        names = root.get("$defs")
        known = names if isinstance(names, dict) else {}
        found = _LOCAL.fullmatch(value) if isinstance(value, str) else None
        if found is None or found[1] not in known:
            yield _flaw(
                at,
                "this refers to nothing in the schema",
                "write `#/$defs/NAME`, with a NAME in `$defs`",
            )
    elif keyword == "pattern" and isinstance(value, str):
        try:
            _pattern(value)
        except SchemaError:
            yield _flaw(
                at,
                "not a regular expression in the syntax of Rust",
                "look-around and back-references are not known: they have no bound",
            )


def _unknown(at: tuple[str | int, ...], keyword: str) -> Flaw:
    shown = f"`{keyword}`" if keyword.isprintable() and len(keyword) < 60 else "this"
    advice = {
        "format": "use `pattern`: a format is a comment to validators",
        "patternProperties": "use `propertyNames`, or a rule with `cel`",
    }
    return _flaw(
        at,
        f"{shown} is not a keyword that a rule may use",
        advice.get(keyword, "an unknown keyword would let everything pass; look at its spelling"),
    )


def _flaw(at: tuple[str | int, ...], message: str, *help_: str) -> Flaw:
    return Flaw(at=at, code=Code.POLICY_SCHEMA, message=message, help=help_)


def _fits(schema: Mapping[str, Any], value: Any) -> Failure | None:
    try:
        error = next(_validator(schema).iter_errors(value), None)
    except (_TooMuch, RecursionError):
        return Failure(why="the schema takes too many steps", error=True)
    except (ArithmeticError, TypeError, ValueError) as error:
        return Failure(why=f"the value can't be compared: {shortened(str(error))}", error=True)
    if error is None:
        return None
    path = tuple(str(segment) for segment in error.absolute_path)
    return Failure(why=shortened(error.message), path=path)


def _validator(schema: Mapping[str, Any]) -> "Validator":
    """A validator with a fresh budget, that fetches nothing."""
    from jsonschema import Draft202012Validator, validators
    from jsonschema.exceptions import ValidationError as Misfit
    from referencing import Registry

    steps = 0

    def counted(rule: Any) -> Any:
        def check(validator: Any, value: Any, instance: Any, whole: Any) -> Iterator[Misfit]:
            nonlocal steps
            steps += 1
            if steps > MOST_STEPS:
                raise _TooMuch
            yield from rule(validator, value, instance, whole) or ()

        return check

    def pattern(_validator: Any, value: str, instance: Any, _whole: Any) -> Iterator[Misfit]:
        if isinstance(instance, str) and not matches(value, instance):
            yield Misfit(f"{instance!r} does not match {value!r}")

    rules = {**Draft202012Validator.VALIDATORS, "pattern": pattern}
    extend: Callable[..., type[Validator]] = validators.extend
    kind = extend(Draft202012Validator, {name: counted(rule) for name, rule in rules.items()})
    return kind(schema, registry=Registry())


def matches(pattern: str, text: str) -> bool:
    """Whether `pattern` is found anywhere in `text`."""
    try:
        _pattern(pattern).validate_python(text)
    except ValidationError:
        return False
    return True


@lru_cache(maxsize=512)
def _pattern(pattern: str) -> TypeAdapter[str]:
    return TypeAdapter(
        Annotated[str, StringConstraints(pattern=pattern)], config={"regex_engine": "rust-regex"}
    )
