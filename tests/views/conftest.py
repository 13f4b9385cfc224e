"""One browser for all tests of views, and a page of its own for each."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.parts.peers import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Debian's chromium."""
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """An empty page."""
    opened = browser.new_page()
    opened.set_default_timeout(20_000)
    yield opened
    opened.close()
