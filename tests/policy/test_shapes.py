"""Rules as JSON Schemas: a closed set of keywords, nothing fetched, all bounded."""

import itertools
from typing import Any

import pytest

from reconciler.diagnostics import Code
from reconciler.policy import flaws_of
from reconciler.policy.shapes import KEYWORDS, matches
from tests.policy.rules import failure, flaw, rule


def spec(**properties: Any) -> dict[str, Any]:
    """A schema of a resource whose spec has these."""
    return {"properties": {"spec": {"properties": properties}}}


def test_a_resource_that_fits_passes() -> None:
    schema = spec(auth={"properties": {"credentials": {"const": "workspace"}}})
    auth = {"mode": "automatic", "credentials": "workspace"}
    assert failure({"auth": auth}, schema=schema) is None
    assert failure({}, schema=schema) is None


def test_a_resource_that_does_not_fit_is_told_where() -> None:
    schema = spec(auth={"properties": {"scopes": {"items": {"enum": ["read"]}}}})
    found = failure({"auth": {"scopes": ["read", "admin"]}}, schema=schema)
    assert found is not None
    assert found.path == ("spec", "auth", "scopes", "1")
    assert found.why == "'admin' is not one of ['read']"
    assert not found.error


@pytest.mark.parametrize(
    ("schema", "at", "words"),
    [
        ({"requierd": ["spec"]}, ("requierd",), "`requierd` is not a keyword"),
        (spec(url={"format": "uri"}), ("properties", "spec", "properties", "url", "format"), "for"),
        ({"patternProperties": {"a": True}}, ("patternProperties",), "not a keyword"),
        ({"$id": "urn:x"}, ("$id",), "not a keyword"),
        ({"allOf": [{"minimun": 1}]}, ("allOf", 0, "minimun"), "not a keyword"),
        ({"$ref": "https://example.com/x.json"}, ("$ref",), "refers to nothing"),
        ({"$ref": "#/$defs/none"}, ("$ref",), "refers to nothing"),
        ({"$ref": "#/$defs/a/b", "$defs": {"a/b": {}}}, ("$ref",), "refers to nothing"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, ("$schema",), "only draft"),
        ({"pattern": "(a"}, ("pattern",), "not a regular expression"),
        ({"pattern": "(?=a)"}, ("pattern",), "not a regular expression"),
        ({"properties": {"spec": "x"}}, ("properties", "spec"), "a schema is a mapping"),
        ({"type": "text"}, ("type",), "not a JSON Schema"),
        ({"required": "spec"}, ("required",), "not a JSON Schema"),
        ({"properties": ["spec"]}, ("properties",), "not a JSON Schema"),
    ],
)
def test_a_schema_that_would_not_do_what_it_says_is_a_flaw(
    schema: dict[str, Any], at: tuple[str | int, ...], words: str
) -> None:
    found = flaw(schema=schema)
    assert found.code is Code.POLICY_SCHEMA
    assert found.at == ("schema", *at)
    assert words in found.message


def test_every_keyword_that_may_be_used_is_one_that_counts() -> None:
    from jsonschema import Draft202012Validator

    silent = {"$defs", "$schema", "title", "description", "$comment", "then", "else"}
    silent |= {"minContains", "maxContains"}  # read by `contains`, as `then` is by `if`
    assert set(Draft202012Validator.VALIDATORS) >= KEYWORDS - silent


def test_all_flaws_of_a_schema_are_told_at_once() -> None:
    assert len(flaws_of([rule(schema={"a": 1, "not": {"b": 2}})])) == 2


def test_a_schema_that_refers_to_itself_without_end_fails_closed() -> None:
    schema = {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}
    found = failure({}, schema=schema)
    assert found is not None
    assert found.error


def test_a_schema_that_doubles_with_each_reference_fails_closed() -> None:
    names = [f"d{number}" for number in range(30)]
    defs: dict[str, Any] = {
        name: {"allOf": [{"$ref": f"#/$defs/{after}"}] * 2}
        for name, after in itertools.pairwise(names)
    }
    schema = {"$ref": "#/$defs/d0", "$defs": {**defs, names[-1]: {}}}
    found = failure({}, schema=schema)
    assert found is not None
    assert found.error
    assert "too many steps" in found.why


def test_a_pattern_takes_no_exponential_time() -> None:
    assert not matches("^(a+)+$", "a" * 50_000 + "b")


def test_a_pattern_is_found_anywhere_unless_anchored() -> None:
    assert matches("acme", "https://mcp.acme.com")
    assert not matches("^acme", "https://mcp.acme.com")
    assert matches(r"^\p{L}+$", "émile")
    assert flaws_of([rule(schema=spec(displayName={"pattern": r"^\p{L}+$"}))]) == ()


def test_numbers_beyond_measure_are_no_crash() -> None:
    found = failure({"n": 1e308}, schema=spec(n={"multipleOf": 1e-308}))
    assert found is not None
