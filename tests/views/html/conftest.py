"""Reports written once to files, and windows that know what was called and complained about."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.views import Ending
from reconciler.views.html import ending_html, html_report
from tests.views.html.opening import SCENES, Heard, Opener

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The file of a scene."""
    folder = tmp_path_factory.mktemp("reports")

    def written(name: str) -> Path:
        path = folder / f"{name}.html"
        if not path.exists():
            made = SCENES[name]()
            text = ending_html(made) if isinstance(made, Ending) else html_report(made)
            path.write_text(text, "utf-8")
        return path

    return written


@pytest.fixture
def opened(browser: "Browser", report: Callable[[str], Path]) -> Iterator[Opener]:
    """Opens a scene in a window; in the end nothing was wrong, and nothing was asked for but it."""
    heard = Heard()
    pages: list[Page] = []
    expected: set[str] = set()

    def opens(name: str, *, width: int = 1300, fragment: str = "", **more: object) -> "Page":
        page = browser.new_page(viewport={"width": width, "height": 900}, **more)  # type: ignore[arg-type]
        page.set_default_timeout(15_000)
        page.on("console", lambda message: heard.complaints.append(message.text))
        page.on("pageerror", lambda error: heard.complaints.append(str(error)))
        page.on("request", lambda request: heard.urls.append(request.url))
        url = report(name).as_uri()
        page.goto(url + fragment)
        pages.append(page)
        expected.add(url)
        return page

    yield opens
    for page in pages:
        page.close()
    assert heard.complaints == []
    asked = {url.partition("#")[0] for url in heard.urls if not url.startswith("data:")}
    assert asked == expected
