"""No expression takes the run's memory or time: what could is refused before it runs."""

import pytest

from reconciler.policy.cost import excess
from tests.policy.rules import failure, flaw

DOUBLING = "[resource.spec.url]" + ".map(a, a + a)" * 12 + ".size() == 1"


@pytest.mark.parametrize(
    "cel",
    [
        DOUBLING,
        '["x"].exists(a, [a + a].exists(b, b == "y"))',
        "[1].map(a, [a, a]).map(a, [a, a]) == []",
        "[1].map(a, [(a), (a)]) == []",
        "[1].map(a, [1, a]) == []",
        "[1].map(a, {'x': a}) == []",
        '["x"] . map (a, a + a) == []',
        '["x"]\n  .map // joined below\n  (a, a\n+ a) == []',
        "r'\\'.size() == 1 && ['x'].map(a, a + a) == []",
        '"""it\'s""".size() == 4 && [\'x\'].map(a, a + a) == []',
        "true" + " && [1].all(a, true)" * 13,
    ],
)
def test_what_could_grow_without_bound_is_a_flaw(cel: str) -> None:
    assert excess(cel) is not None


@pytest.mark.parametrize(
    "cel",
    [
        'resource.name + ".acme.com" == "x"',
        '["a", "b", "c"].exists(h, resource.name.startsWith(h))',
        'resource.spec.tools.all(t, t in ["a", "b"] || t == "a+b")',
        "resource.spec.tools.all(t, resource.spec.tools[t].enabled in [true, false])",
        "'[1].map(a, a + a)' != resource.name",
        "resource.spec.all == 1 && 1 + 1 == 2",
        "resource.name == 'x' // [1].map(a, a + a)",
        '{"a": 1}.a == 1 && [resource.name].size() == 1',
    ],
)
def test_what_an_organisation_needs_is_no_excess(cel: str) -> None:
    assert excess(cel) is None


def test_the_flaw_points_at_the_sign() -> None:
    found = flaw(cel='resource.spec.spaces\n  .all(s, s + "x" != "y")')
    assert (found.line, found.column) == (2, 13)
    assert "can't be built inside" in found.message


@pytest.mark.parametrize("levels", [1, 2, 3, 8])
def test_iterations_are_counted_over_all_levels_and_too_many_are_an_error(levels: int) -> None:
    spaces = [f"s{number}" for number in range(20_000 if levels == 1 else 200)]
    cel = "resource.spec.spaces.all(a, " * levels + "true" + ")" * levels
    found = failure({"spaces": spaces}, cel=cel)
    assert found is not None
    assert found.error
    assert "budget" in found.why


@pytest.mark.parametrize("opening", ["(", "[", "!(", "-(", "size(", "true ? (", "{1: "])
def test_nesting_is_bounded(opening: str) -> None:
    found = flaw(cel=opening * (1900 // len(opening)))
    assert found.message


@pytest.mark.parametrize("chain", [".a", "[0]", " + 1", " - 1", ".f()", " == 1"])
def test_a_long_chain_is_a_flaw_and_no_crash(chain: str) -> None:
    assert flaw(cel="resource" + chain * (1900 // len(chain))).message


def test_a_regular_expression_takes_no_exponential_time() -> None:
    spec = {"description": "a" * 4000}
    assert failure(spec, cel='!resource.spec.description.matches("^(a+)+$b")') is None
