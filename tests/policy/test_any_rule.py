"""Whatever a rule says and whatever it judges: flaws and verdicts, never an exception."""

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.diagnostics import render_text
from reconciler.policy import Failure, as_diagnostic, compile_policy, flaws_of
from reconciler.policy.shapes import KEYWORDS
from reconciler.resources import Address
from tests.parts.values import Nowhere, server
from tests.policy.rules import rule

_WORDS = ("resource", "resource.spec", "resource.name", ".url", ".tools", '["x"]', "[0]", " in ")
_SIGNS = (*"()[]{},.?:!-+*/%<>xyz", "&&", "||", "==", "!=", "<=", " ", "//", "\n", "\t")
_LITERALS = (
    '"a"',
    "'b'",
    'r"\\"',
    'b"c"',
    "1",
    "2u",
    "3.5",
    "0x1F",
    "1e9",
    "true",
    "null",
    "é",
    "😀",
)
_CALLS = ("has(", ".all(x,", ".map(y,", ".exists(z,", ".filter(w,", '.matches("', "type(", "int(")
_RARE = ('timestamp("t")', 'duration("1s")', "dyn(", "`q-r`", "google.protobuf.Value{", ".?a")
_PIECES = st.sampled_from((*_WORDS, *_SIGNS, *_LITERALS, *_CALLS, *_RARE))
_EXPRESSIONS = st.lists(_PIECES, min_size=1, max_size=30).map("".join) | st.text(
    min_size=1, max_size=200
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)
_SPECS = st.dictionaries(st.sampled_from(["url", "tools", "x", "auth"]), _VALUES)
_SCHEMAS = st.recursive(
    st.booleans() | _VALUES,
    lambda inner: (
        st.dictionaries(st.sampled_from(sorted(KEYWORDS)), inner, max_size=4)
        | st.dictionaries(st.sampled_from(["spec", "url", "a"]), inner, max_size=3)
        | st.lists(inner, max_size=3)
    ),
    max_leaves=20,
)


def _judged(spec: dict[str, Any], **said: Any) -> None:
    made = rule(**said)
    flaws = flaws_of([made])
    for item in flaws:
        assert item.flaw.message
        assert "\n" not in item.flaw.message
    if flaws:
        return
    for verdict in compile_policy([made]).on_resource(server("crm", spec)):
        assert isinstance(verdict.failure, Failure)
        told = as_diagnostic(
            verdict, Address("MCPServer", "crm"), workspace="w", locator=Nowhere(), span=None
        )
        assert render_text([told])


@settings(max_examples=500, deadline=None)
@given(_EXPRESSIONS, _SPECS)
@example("\x00", {})
@example('resource.spec.url == "\\ud800"', {"url": "\ud800"})
@example("resource.spec.x == resource.spec.x", {"x": float("nan")})
@example("//", {})
def test_any_expression_over_any_value_gives_flaws_or_a_verdict(
    cel: str, spec: dict[str, Any]
) -> None:
    _judged(spec, cel=cel)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(KEYWORDS)), _SCHEMAS, max_size=4), _SPECS)
@example({"pattern": "\ud800"}, {})
@example({"properties": {"spec": {"properties": {"x": {"pattern": "a"}}}}}, {"x": "\ud800"})
@example({"minLength": float("inf")}, {})
@example({"multipleOf": float("nan")}, {})
def test_any_schema_over_any_value_gives_flaws_or_a_verdict(
    schema: dict[str, Any], spec: dict[str, Any]
) -> None:
    _judged(spec, schema=schema)
