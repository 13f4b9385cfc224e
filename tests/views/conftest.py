"""One browser for all tests of a module, and a page of its own for each."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft4Validator

from tests.parts.npm_packages import NPM
from tests.parts.peers import chromium, need_npm

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_SARIF = NPM / "node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"


@pytest.fixture(scope="module")  # it has a loop of its own, and one thread bears but one
def browser() -> Iterator["Browser"]:
    """Debian's chromium."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def schema() -> Draft4Validator:
    """The standard's own schema of SARIF."""
    need_npm("@microsoft/jest-sarif")
    return Draft4Validator(json.loads(_SARIF.read_text("utf-8")))


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """An empty page."""
    opened = browser.new_page()
    opened.set_default_timeout(20_000)
    yield opened
    opened.close()
