"""Comments and issues on GitHub; `me` gives the login that the token writes under."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from reconciler.forges.api import Api
from reconciler.forges.contract import Draft, Limits, Note
from reconciler.forges.failures import Uncertain
from reconciler.forges.github_wire import ANYTHING, COMMENTS, ISSUES, ONE_COMMENT, ONE_ISSUE

_LIMITS = Limits(body=65_536, title=256)
_PULLS, _ISSUES = "pull-requests: write", "issues: write"


class Comments:
    """The comments of one pull request."""

    limits = _LIMITS

    def __init__(self, me: Callable[[], str], api: Api, root: str, number: int) -> None:
        self._me = me
        self._api = api
        self._root = root
        self._here = f"{root}/{number}/comments"

    def worded(self, text: str) -> str:
        """The text as it is."""
        return text

    def ours(self, marker: str) -> Sequence[Note]:
        """Those by the token's own login. Raises ForgeError."""
        me = self._me()
        return [
            each.note()
            for each in self._api.pages(self._here, COMMENTS, needs=_PULLS)
            if each.user and each.user.login == me and (each.body or "").startswith(marker)
        ]

    def create(self, draft: Draft) -> Note:
        """Add a comment. Raises ForgeError."""
        body = {"body": draft.body}
        return self._api.send("POST", self._here, ONE_COMMENT, needs=_PULLS, body=body).note()

    def update(self, note: Note, draft: Draft) -> Note:
        """Change a comment. Raises ForgeError."""
        path, body = f"{self._root}/comments/{note.number}", {"body": draft.body}
        return self._api.send("PATCH", path, ONE_COMMENT, needs=_PULLS, body=body).note()

    def remove(self, note: Note) -> None:
        """Delete a comment. Raises ForgeError."""
        path = f"{self._root}/comments/{note.number}"
        self._api.remove(path, needs=_PULLS)


class OpenIssues:
    """The open issues of a repository."""

    limits = _LIMITS

    def __init__(self, me: Callable[[], str], api: Api, root: str) -> None:
        self._me = me
        self._api = api
        self._root = root

    def worded(self, text: str) -> str:
        """The text as it is."""
        return text

    def ours(self, marker: str) -> Sequence[Note]:
        """Those by the token's own login, the oldest first. Raises ForgeError."""
        me = self._me()
        listed = self._api.pages(
            self._root,
            ISSUES,
            needs=_ISSUES,
            state="open",
            creator=me,
            sort="created",
            direction="asc",
        )
        return [
            each.note()
            for each in listed
            if not each.pull_request
            and each.user
            and each.user.login == me
            and (each.body or "").startswith(marker)
        ]

    def create(self, draft: Draft) -> Note:
        """Open an issue. Raises ForgeError."""
        body = {"title": draft.title, "body": draft.body, "labels": list(draft.labels)}
        return self._api.send("POST", self._root, ONE_ISSUE, needs=_ISSUES, body=body).note()

    def update(self, note: Note, draft: Draft) -> Note:
        """Change title and text; labels stay, people may have changed them. Raises ForgeError."""
        return self._patch(note, {"title": draft.title, "body": draft.body})

    def remove(self, note: Note) -> None:
        """Close a double: issues can't be deleted. Raises ForgeError."""
        self._patch(note, {"state": "closed", "state_reason": "not_planned"})

    def close(self, note: Note, comment: str) -> Note:
        """Comment, then close. Raises ForgeError."""
        path = f"{self._root}/{note.number}/comments"
        with suppress(Uncertain):  # it stands there or not; what counts is that it is closed
            self._api.send("POST", path, ANYTHING, needs=_ISSUES, body={"body": comment})
        return self._patch(note, {"state": "closed", "state_reason": "completed"})

    def _patch(self, note: Note, body: Mapping[str, Any]) -> Note:
        path = f"{self._root}/{note.number}"
        return self._api.send("PATCH", path, ONE_ISSUE, needs=_ISSUES, body=body).note()
