"""The guide to secrets names the variables that are read, and all of them."""

import re

import pytest

from reconciler.secrets.vault_logins import Method
from tests.docs.guide import GUIDES, ROOT

_VARIABLE = re.compile(r"\bVAULT_[A-Z_]+[A-Z]\b")
_OF_THE_CLI = {"VAULT_CAPATH", "VAULT_CLIENT_CERT", "VAULT_CLIENT_KEY", "VAULT_SKIP_VERIFY"}


@pytest.fixture(scope="module")
def guide() -> str:
    return (GUIDES / "secrets.md").read_text("utf-8")


def test_the_variables_of_vault_are_those_that_are_read(guide: str) -> None:
    sources = (ROOT / "reconciler" / "secrets").glob("vault*.py")
    read = {name for path in sources for name in _named(path.read_text("utf-8"))}
    assert _named(guide) == read - _OF_THE_CLI


def _named(text: str) -> set[str]:
    """The variables in a text; one with `_FILE` behind it is another way to give the same."""
    return {name.removesuffix("_FILE") for name in _VARIABLE.findall(text)}


def test_the_methods_are_those_that_are_known(guide: str) -> None:
    assert [method for method in Method if f"`{method}`" not in guide] == []
