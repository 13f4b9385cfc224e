"""Answers that are old, cut short or wrong, and writes of which nobody hears the end."""

import json
import random
import re
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.planning.ownership import LAGS
from reconciler.providers.dust.answers import Answer, Broken, Sent, Trouble
from tests.lies.platform import Platform

_OBJECT = re.compile(r"/(spaces|mcp)/(vlt|rms)_\w+\Z")
_GONE = {"spaces": "space_not_found", "mcp": "data_source_not_found"}
_CUT = Broken(trouble=Trouble.NO_ANSWER, reason="connection reset")
_ODD = (b"{}", b"null", b"[]", b'{"success": true}', b"<html>please wait</html>")
Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass
class Liar:
    """Stands before a platform and spoils `rate` of the calls; of `behind`, each list is old.

    An old answer is one that was given no longer ago than lists may be behind.
    """

    platform: Platform
    chance: random.Random
    rate: float = 0.0
    behind: frozenset[str] = frozenset()
    told: list[str] = field(default_factory=list)
    _given: dict[Key, list[tuple[int, Answer]]] = field(default_factory=dict)

    def __call__(self, sent: Sent) -> Answer | Broken:
        """What comes back."""
        name = sent.path.rpartition("/")[2]
        if sent.method == "GET" and name in self.behind and (old := self._old(sent, first=True)):
            return self._tell(sent, "behind", old)
        if self.chance.random() >= self.rate or name == "me":
            return self._true(sent)
        return self._read(sent) if sent.method == "GET" else self._write(sent)

    def look(self) -> None:
        """Remember how the lists are, to be told again later."""
        self._true(Sent(method="GET", path="/api/w/acme/mcp", seconds=1.0))
        spaces = [("role", "admin")]
        listed = Sent(method="GET", path="/api/w/acme/spaces", query=spaces, seconds=1.0)
        found = json.loads(self._true(listed).body)["spaces"]
        system = next(each["sId"] for each in found if each["kind"] == "system")
        path, query = f"/api/w/acme/spaces/{system}/mcp_views", [("availability", "manual")]
        self._true(Sent(method="GET", path=path, query=query, seconds=1.0))

    def _true(self, sent: Sent) -> Answer:
        answer = self.platform.call(sent)
        if sent.method == "GET" and answer.succeeded:
            given = self._given.setdefault((sent.path, tuple(sent.query)), [])
            given.append((self.platform.milliseconds, answer))
        return answer

    def _old(self, sent: Sent, *, first: bool = False) -> Answer | None:
        since = self.platform.milliseconds - LAGS
        given = self._given.get((sent.path, tuple(sent.query)), [])
        young = [answer for at, answer in given if at > since]
        if not young:
            return None
        # Whoever is behind has the right time: only what it tells is old.
        chosen = young[0] if first else self.chance.choice(young)
        return replace(chosen, date=self.platform.call(sent).date)

    def _tell(self, sent: Sent, what: str, answer: Answer | Broken) -> Answer | Broken:
        self.told.append(f"{sent.method} {sent.path}: {what}")
        return answer

    def _read(self, sent: Sent) -> Answer | Broken:
        true = self._true(sent)
        one = _OBJECT.search(sent.path)
        kinds = ["old", "old", "odd", "cut"] + (["gone", "page"] if one else ["short", "short"])
        kind = self.chance.choice(kinds)
        match kind:
            case "old":
                answer: Answer | Broken = self._old(sent) or true
            case "odd":
                answer = replace(true, body=self.chance.choice(_ODD))
            case "gone":
                assert one is not None
                answer = _refusal(true, 404, _GONE[one[1]])
            case "page":
                answer = replace(true, status=404, body=b"<html>", content_type="text/html")
            case "short":
                answer = replace(true, body=self._short(true.body))
            case _:
                answer = _CUT
        return self._tell(sent, kind, answer)

    def _short(self, body: bytes) -> bytes:
        whole: Any = json.loads(body)
        for rows in whole.values():
            if isinstance(rows, list) and rows:
                del rows[self.chance.randrange(len(rows))]
        return json.dumps(whole).encode()

    def _write(self, sent: Sent) -> Answer | Broken:
        kind = self.chance.choice(
            ["reset", "lost", "lost", "failed", "failed-done", "busy", "odd", "gone", "gateway"]
        )
        nothing = Answer(status=200, body=b"", date=self.platform.call(_ME).date)
        done = self._true(sent) if kind in ("lost", "failed-done", "odd") else nothing
        answers: dict[str, Answer | Broken] = {
            "reset": _CUT,
            "lost": _CUT,
            "failed": _refusal(done, 500, "internal_server_error"),
            "failed-done": _refusal(done, 500, "internal_server_error"),
            "busy": _refusal(done, 503, "service_unavailable"),
            "odd": replace(done, status=200, body=b"{}"),
            "gone": _refusal(done, 404, _GONE["spaces" if "/spaces" in sent.path else "mcp"]),
            "gateway": replace(done, status=502, body=b"<html>", content_type="text/html"),
        }
        return self._tell(sent, kind, answers[kind])


_ME = Sent(method="GET", path="/api/v1/me", seconds=1.0)


def _refusal(like: Answer, status: int, kind: str) -> Answer:
    body = json.dumps({"error": {"type": kind, "message": "This is the test's own fault."}})
    return replace(like, status=status, body=body.encode(), content_type="application/json")
