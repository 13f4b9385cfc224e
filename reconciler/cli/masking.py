"""What makes `--debug` safe to paste: people, homes and query strings are masked."""

import re
from collections.abc import Callable
from pathlib import Path

_PERSON = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)*")
_QUERY = re.compile(r"(\bhttps?://[^\s?#'\"`<>]*)\?[^\s'\"`<>]*")
_HOMES = re.compile(r"(/home/|/Users/|\b[A-Za-z]:\\Users\\)[^/\\\s:]+")


class Masks:
    """Replaces what tells who somebody is, each person by the same number throughout.

    E-mail addresses and `user@host` become `<person 1>`, home folders `~`, and the query of an
    address is dropped: codes, states and challenges of sign-ins travel there. Secrets aren't looked
    for: they are never there.
    """

    def __init__(self, home: Path) -> None:
        self._home = str(home)
        self._people: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """`text` as it may be pasted where strangers read."""
        text = _QUERY.sub(r"\1?…", text)
        if len(self._home) > 1:
            text = re.sub(re.escape(self._home) + r"(?![\w.-])", "~", text)
        return _PERSON.sub(self._person, _HOMES.sub(r"\1<user>", text))

    def _person(self, found: "re.Match[str]") -> str:
        who = found.group().casefold()
        return self._people.setdefault(who, f"<person {len(self._people) + 1}>")


def home(of: Callable[[], Path] = Path.home) -> Path:
    """The user's home; `/`, which masks nothing, where there is none."""
    try:
        return of()
    except RuntimeError:
        return Path("/")
