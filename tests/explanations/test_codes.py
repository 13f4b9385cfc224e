"""Every code has its words, and its examples break and keep the rule for real."""

from pathlib import Path

import pytest

from reconciler.diagnostics import Code, Diagnostics
from reconciler.explanations import RULES
from reconciler.manifests import load
from reconciler.policy import compile_policy, offences
from tests.manifests.corpus import Case, beside

_SHOWN = sorted(code for code, rule in RULES.items() if rule.bad)
_MENDED = sorted(code for code, rule in RULES.items() if rule.good)


def _found(code: Code, text: str, folder: Path) -> Diagnostics:
    """What the loader and the workspace's own rules say of an example, among what it needs."""
    (folder / "example.yaml").write_text(text)
    if code is not Code.DUPLICATE_WORKSPACE:
        others = beside(Case(name="example", code=code, text=text))
        (folder / "others.yaml").write_text(others)
    loaded = load([folder])
    if loaded.desired is None:
        return loaded.diagnostics
    rules = compile_policy(loaded.desired.workspace.spec.policy or ())
    return loaded.diagnostics + offences(loaded.desired, rules, loaded.locator)


def test_every_code_has_its_words_and_a_way_out() -> None:
    assert list(RULES) == list(Code)
    assert all(rule.means and rule.todo for rule in RULES.values())


@pytest.mark.parametrize("code", _SHOWN)
def test_the_wrong_example_gets_this_code_and_no_other(code: Code, tmp_path: Path) -> None:
    assert {item.code for item in _found(code, RULES[code].bad, tmp_path)} == {code}


@pytest.mark.parametrize("code", _MENDED)
def test_the_right_example_is_valid(code: Code, tmp_path: Path) -> None:
    assert [item.code for item in _found(code, RULES[code].good, tmp_path)] == []


def test_every_fault_that_a_manifest_can_show_has_an_example() -> None:
    from tests.manifests.corpus import ALL

    assert {case.code for case in ALL} <= {code.value for code in _SHOWN}
