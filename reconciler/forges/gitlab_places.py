"""Notes and issues on GitLab; `me` gives the id of the user that the token writes as."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from reconciler.forges.api import Api
from reconciler.forges.contract import Draft, Limits, Note
from reconciler.forges.failures import Uncertain
from reconciler.forges.gitlab_wire import ANYTHING, ISSUES, NOTES, ONE_ISSUE, ONE_NOTE, LabNote

_LIMITS = Limits(body=1_000_000, title=255)
_SCOPE = "api"
_QUICK_ACTION = re.compile(r"^(\s*)/", re.MULTILINE)


class Notes:
    """The notes of one merge request."""

    limits = _LIMITS

    def __init__(self, me: Callable[[], int], api: Api, here: str, page: str) -> None:
        self._me = me
        self._api = api
        self._here = here
        self._page = page

    def worded(self, text: str) -> str:
        """The text, without quick actions."""
        return _inert(text)

    def ours(self, marker: str) -> Sequence[Note]:
        """Those by the token's own user. Raises ForgeError."""
        me = self._me()
        listed = self._api.pages(self._here, NOTES, needs=_SCOPE, sort="asc", order_by="created_at")
        return [
            self._note(each)
            for each in listed
            if each.author.id == me and not each.system and each.body.startswith(marker)
        ]

    def create(self, draft: Draft) -> Note:
        """Add a note. Raises ForgeError."""
        body = {"body": draft.body}
        return self._note(self._api.send("POST", self._here, ONE_NOTE, needs=_SCOPE, body=body))

    def update(self, note: Note, draft: Draft) -> Note:
        """Change a note. Raises ForgeError."""
        path, body = f"{self._here}/{note.number}", {"body": draft.body}
        return self._note(self._api.send("PUT", path, ONE_NOTE, needs=_SCOPE, body=body))

    def remove(self, note: Note) -> None:
        """Delete a note. Raises ForgeError."""
        self._api.remove(f"{self._here}/{note.number}", needs=_SCOPE)

    def _note(self, found: LabNote) -> Note:
        return Note(
            number=found.id,
            url=f"{self._page}#note_{found.id}",
            body=found.body,
            updated=found.updated_at,
        )


class OpenIssues:
    """The open issues of a project."""

    limits = _LIMITS

    def __init__(self, me: Callable[[], int], api: Api, root: str) -> None:
        self._me = me
        self._api = api
        self._root = root

    def worded(self, text: str) -> str:
        """The text, without quick actions."""
        return _inert(text)

    def ours(self, marker: str) -> Sequence[Note]:
        """Those by the token's own user, the oldest first. Raises ForgeError."""
        me = self._me()
        listed = self._api.pages(
            self._root,
            ISSUES,
            needs=_SCOPE,
            state="opened",
            scope="all",
            author_id=me,
            order_by="created_at",
            sort="asc",
        )
        return [
            each.note()
            for each in listed
            if each.author.id == me and (each.description or "").startswith(marker)
        ]

    def create(self, draft: Draft) -> Note:
        """Open an issue. Raises ForgeError."""
        body = {
            "title": draft.title,
            "description": draft.body,
            "labels": ",".join(draft.labels),
        }
        return self._api.send("POST", self._root, ONE_ISSUE, needs=_SCOPE, body=body).note()

    def update(self, note: Note, draft: Draft) -> Note:
        """Change title and text; labels stay, people may have changed them. Raises ForgeError."""
        return self._put(note, {"title": draft.title, "description": draft.body})

    def remove(self, note: Note) -> None:
        """Close a double. Raises ForgeError."""
        self._put(note, {"state_event": "close"})

    def close(self, note: Note, comment: str) -> Note:
        """Comment, then close. Raises ForgeError."""
        path, body = f"{self._root}/{note.number}/notes", {"body": comment}
        with suppress(Uncertain):  # it stands there or not; what counts is that it is closed
            self._api.send("POST", path, ANYTHING, needs=_SCOPE, body=body)
        return self._put(note, {"state_event": "close"})

    def _put(self, note: Note, body: Mapping[str, Any]) -> Note:
        path = f"{self._root}/{note.number}"
        return self._api.send("PUT", path, ONE_ISSUE, needs=_SCOPE, body=body).note()


def _inert(text: str) -> str:
    """No line is a quick action, such as `/close` or `/merge`.

    GitLab carries those out in the name of whoever writes the note.
    """
    return _QUICK_ACTION.sub(r"\1\\/", text)
