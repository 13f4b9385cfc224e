"""A browser for the demo: opens a consent page, presses Allow, and tells where it landed.

Run as a script with the page's address, as `BROWSER` has it; it needs nothing but Python, and
talks to this machine only. Where it lands is typed, as a person would paste it, into the terminal
that `DEMO_KEYBOARD` names.
"""

import os
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import BaseHandler, ProxyHandler, Request, build_opener

KEYBOARD = "DEMO_KEYBOARD"
_SECONDS = 10.0
_BUTTON = "allow"


class _Form(HTMLParser):
    """The form of a page: where it goes, its hidden fields, and the values of its buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.buttons: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of what a person could see or press."""
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                self.action = given.get("action", "")
            case "input":
                self.fields[given.get("name", "")] = given.get("value", "")
            case "button":
                self.buttons[given.get("value", "")] = given.get("name", "")


class _StayHere(BaseHandler):
    """Sees each request before it goes out, those that follow redirects too."""

    def http_request(self, request: Request) -> Request:
        """The request, if it stays on this machine."""
        return _checked(request)

    def https_request(self, request: Request) -> Request:
        """The same for TLS."""
        return _checked(request)


def press_allow(url: str) -> str:
    """Open a consent page and allow what it asks; the address where the browser ends.

    Raises:
        ValueError: the address is not on this machine, or the page has no such button.
        OSError: somebody doesn't answer, or refuses.
    """
    opener = build_opener(ProxyHandler({}), _StayHere())
    with opener.open(url, timeout=_SECONDS) as page:
        at, text = page.geturl(), page.read().decode()
    form = _Form()
    form.feed(text)
    if form.action is None or _BUTTON not in form.buttons:
        raise ValueError("the page has no button to allow it")
    target = urljoin(at, form.action)
    filled = {**form.fields, form.buttons[_BUTTON]: _BUTTON}
    with opener.open(target, data=urlencode(filled).encode(), timeout=_SECONDS) as landed:
        ended: str = landed.geturl()
    return ended


def _checked(request: Request) -> Request:
    parts = urlsplit(request.full_url)
    if parts.scheme != "http" or parts.hostname != "127.0.0.1":
        raise ValueError("the demo's browser stays on this machine")
    return request


if __name__ == "__main__":
    landing = press_allow(sys.argv[1])
    with Path(os.environ[KEYBOARD]).open("a", encoding="utf-8") as keyboard:
        keyboard.write(f"{landing}\n")
