"""CEL rules: what holds, what doesn't, and what can't be used."""

import sys

import pytest

from reconciler.diagnostics import Code
from tests.policy.rules import failure, flaw, rule


@pytest.mark.parametrize(
    "cel",
    [
        'resource.spec.url.endsWith("/mcp")',
        'resource.kind == "MCPServer" && resource.name == "crm"',
        'resource.address == "MCPServer/crm"',
        "!resource.protect",
        "!has(resource.spec.auth)",
        'resource.spec.tools.all(t, t.startsWith("get_"))',
        'resource.spec.tools["get_it"].stake == "low"',
        "resource.spec.spaces.size() == 2",
        'resource.spec.headers.exists(h, "env" in resource.spec.headers[h])',
    ],
)
def test_a_rule_that_is_true_holds(cel: str) -> None:
    spec = {
        "tools": {"get_it": {"stake": "low"}},
        "spaces": ["a", "b"],
        "headers": {"X-Key": {"env": "KEY"}},
    }
    assert failure(spec, cel=cel) is None


def test_a_rule_that_is_false_does_not_hold() -> None:
    found = failure({}, cel='resource.spec.url.startsWith("https://other.example/")')
    assert found is not None
    assert not found.error


@pytest.mark.parametrize(
    ("cel", "why"),
    [
        ('resource.spec.auth.mode == "none"', 'key not found in map : "auth"'),
        ("resource.spec.url > 3", "no matching overloads found : _>_(string, int64)"),
        ("resource.spec.spaces[7] == resource.name", "index error: index=7 size=1"),
        ("1 / 0 == 1", "divide by zero"),
        ('resource.name.matches("(")', "invalid regular expression: missing ): ("),
        ("resource.name", "it is string, not true or false"),
        ("resource.spec", "it is map"),
    ],
)
def test_a_rule_that_cannot_be_evaluated_does_not_hold_and_says_why(cel: str, why: str) -> None:
    found = failure({"spaces": ["a"]}, cel=cel)
    assert found is not None
    assert found.error
    assert why in found.why


def test_a_number_that_cel_has_no_room_for_is_an_error_not_a_pass() -> None:
    found = failure({"tools": {"a": {"n": 10**30}}}, cel="resource.spec.tools.a.n > 3")
    assert found is not None
    assert found.error


def test_a_text_that_is_no_unicode_is_an_error_not_a_pass() -> None:
    found = failure({"description": "\ud800"}, cel='resource.spec.description != "x"')
    assert found is not None
    assert found.error


@pytest.mark.parametrize(
    ("cel", "line", "column", "words"),
    [
        ("resource.kind ==", 1, 17, "mismatched input '<EOF>'"),
        ('resource.kind == "a" &&\n  resorce.name == "b"', 2, 10, "undeclared reference to 'resor"),
        ('"é" == é', 1, 8, "token recognition error"),
        ('resource.kind.looksLike("a")', 1, 24, "undeclared reference to 'looksLike'"),
        ('resource.protect == "yes" && 1', 1, 27, "no matching overload for '_&&_'"),
    ],
)
def test_a_fault_in_an_expression_is_told_with_its_place(
    cel: str, line: int, column: int, words: str
) -> None:
    found = flaw(cel=cel)
    assert found.code is Code.POLICY_EXPRESSION
    assert (found.line, found.column) == (line, column)
    assert words in found.message
    assert "\n" not in found.message


def test_a_rule_on_resources_knows_no_change_and_says_what_it_knows() -> None:
    found = flaw(cel='change.action == "delete"')
    assert found.notes == ("a rule on a resource knows `resource`",)


@pytest.mark.parametrize("cel", ["1 + 1", '"yes"', "[true]", "resource.spec.size()"])
def test_a_rule_that_can_never_be_true_or_false_is_a_flaw(cel: str) -> None:
    assert "a rule must be true or false" in flaw(cel=cel).message


def test_without_the_engine_a_cel_rule_is_a_flaw_that_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "cel_expr_python", None)
    found = flaw(cel="resource.name == 'never compiled before'")
    assert found.code is Code.POLICY_UNAVAILABLE
    assert found.help == ("install the extra: `pip install 'reconciler[policy]'`",)
    assert failure({}, schema={"required": ["spec"]}) is None


def test_an_expression_has_a_length_limit() -> None:
    with pytest.raises(ValueError, match="at most 2000 characters"):
        rule(cel="true || " * 300 + "true")
