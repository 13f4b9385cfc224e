"""`{env: NAME}`: what a variable may hold, and what is said when it may not."""

import pytest

from reconciler.diagnostics import Code
from tests.secrets.outcomes import failed, outcome, revealed


def test_a_set_variable_is_the_secret() -> None:
    assert revealed(outcome("env", "TOKEN", {"TOKEN": "canary-1"})) == "canary-1"


def test_spaces_around_a_value_are_part_of_it() -> None:
    assert revealed(outcome("env", "TOKEN", {"TOKEN": " canary 1 "})) == " canary 1 "


def test_an_unset_variable_is_missing_and_named() -> None:
    found = failed(outcome("env", "TOKEN", {"OTHER": "canary-1"}))
    assert found.code is Code.SECRET_MISSING
    assert found.message == "secret `env:TOKEN` is missing: the environment variable is not set"
    assert "TOKEN" in found.help[0]


@pytest.mark.parametrize("value", ["", " ", "\n", "\t \r\n", "\u00a0\u2003"])
def test_a_blank_variable_is_empty(value: str) -> None:
    assert failed(outcome("env", "TOKEN", {"TOKEN": value})).code is Code.SECRET_EMPTY


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("canary\n", "ends with a line break"),
        ("canary\nmore", "holds a line break"),
        ("canary\r\nX-Injected: yes", "holds a line break"),
        ("canary\tmore", "holds a tab"),
        ("\x00canary", "holds a NUL"),
        ("canary\x1b[0m", "holds a control character"),
        ("canary\x7f", "ends with a control character"),
        ("canary\x85more", "holds a control character"),
        ("canary\udcff", "is not valid UTF-8"),
        ("\ufeffcanary", "starts with a byte order mark"),
    ],
)
def test_what_a_header_can_not_carry_is_malformed(value: str, said: str) -> None:
    found = failed(outcome("env", "TOKEN", {"TOKEN": value}))
    assert found.code is Code.SECRET_MALFORMED
    assert said in found.message
    assert "canary" not in repr(found)


def test_letters_beyond_ascii_are_kept() -> None:
    assert revealed(outcome("env", "TOKEN", {"TOKEN": "pässwörd-\N{SNOWMAN}"})).endswith("\u2603")
