"""GitLab's REST API: merge requests for pull requests, notes for comments.

Facts are from GitLab's REST documentation (notes, issues, commits, pipelines, job artifacts). The
token of a CI job may not write notes; it takes a project or group access token of its own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, TypeAdapter

from reconciler.forges.api import Api
from reconciler.forges.contract import Draft, Limits, Merged, Note
from reconciler.forges.failures import Refused, Uncertain
from reconciler.forges.manners import Answer, Patience, seconds
from reconciler.secrets import Secret

_LIMITS = Limits(body=1_000_000, title=255)
_SCOPE = "api"
_MOST = 64 * 1024 * 1024
_QUICK_ACTION = re.compile(r"(?m)^(\s*)/(?=[A-Za-z])")


class _User(BaseModel):
    id: int


class _Note(BaseModel):
    id: int
    body: str
    author: _User
    system: bool = False
    updated_at: datetime


class _Issue(BaseModel):
    iid: int
    web_url: str
    title: str
    description: str | None
    author: _User
    updated_at: datetime

    def note(self) -> Note:
        return Note(
            number=self.iid,
            url=self.web_url,
            body=self.description or "",
            title=self.title,
            updated=self.updated_at,
        )


class _MergeRequest(BaseModel):
    iid: int
    web_url: str
    sha: str | None
    merged_at: datetime | None
    merge_commit_sha: str | None
    squash_commit_sha: str | None


class _Pipeline(BaseModel):
    id: int
    sha: str


class _Job(BaseModel):
    id: int
    name: str


_me = TypeAdapter(_User)
_one_note, _notes = TypeAdapter(_Note), TypeAdapter(list[_Note])
_one_issue, _issues = TypeAdapter(_Issue), TypeAdapter(list[_Issue])
_requests, _pipelines = TypeAdapter(list[_MergeRequest]), TypeAdapter(list[_Pipeline])
_jobs, _anything = TypeAdapter(list[_Job]), TypeAdapter(Any)


class GitLabManners:
    """How GitLab speaks."""

    name = "GitLab"

    def headers(self, token: str) -> Mapping[str, str]:
        """The token, in the header for access tokens of every kind."""
        return {"private-token": token}

    def wait(self, answer: Answer, now: float) -> float | None:
        """429 with `Retry-After`, else until `RateLimit-Reset`, else a minute."""
        if answer.status != 429:
            return None
        told = seconds(answer.headers.get("retry-after"))
        if told is not None:
            return told
        reset = seconds(answer.headers.get("ratelimit-reset"))
        return 60.0 if reset is None else max(reset - now, 1.0)

    def refusal(self, answer: Answer, call: str, needs: str) -> Refused:
        """Which scope is missing."""
        said = f": {answer.words}" if answer.words else ""
        if answer.status in (401, 403, 404):
            return Refused(
                f"GitLab refuses {call} ({answer.status}){said}",
                help=(
                    f"RECONCILER_GITLAB_TOKEN: a project access token with the scope `{needs}`",
                    "it needs the role Reporter at least; a job's own token can't do this",
                    "a protected variable isn't there in pipelines of branches that aren't",
                ),
            )
        return Refused(f"GitLab answers {call} with {answer.status}{said}")


class GitLab:
    """A project on GitLab.

    Parameters: `url` is the API's (`CI_API_V4_URL`), `project` its id (`CI_PROJECT_ID`), `page`
    its address for people (`CI_PROJECT_URL`). Raises Refused when one of them can't be.
    """

    def __init__(
        self, *, url: str, project: str, page: str, token: Secret, patience: Patience | None = None
    ) -> None:
        if not project:
            raise Refused("there is no project: CI_PROJECT_ID is empty")
        self._api = Api(url, token, GitLabManners(), patience)
        self._root = f"/projects/{quote(project, safe='')}"
        self._page = page
        self._me: int | None = None

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()

    def me(self) -> int:
        """The id of the user that the token writes as. Raises ForgeError."""
        if self._me is None:
            self._me = self._api.get("/user", _me, needs=_SCOPE).id
        return self._me

    def comments(self, number: int) -> "Notes":
        """The notes of a merge request."""
        page = f"{self._page}/-/merge_requests/{number}"
        return Notes(self, self._api, f"{self._root}/merge_requests/{number}/notes", page)

    def issues(self) -> "OpenIssues":
        """The open issues."""
        return OpenIssues(self, self._api, f"{self._root}/issues")

    def merged(self, commit: str) -> Merged | None:
        """The merge request whose merge made this commit. Raises ForgeError."""
        path = f"{self._root}/repository/commits/{commit}/merge_requests"
        for each in self._api.pages(path, _requests, needs=_SCOPE):
            made = (each.merge_commit_sha, each.squash_commit_sha, each.sha)
            if each.merged_at is not None and each.sha is not None and commit in made:
                return Merged(number=each.iid, url=each.web_url, head=each.sha, at=each.merged_at)
        return None

    def artifacts(self, merged: Merged, name: str, path: str) -> Iterator[bytes]:
        """The file that the jobs called `name` left in the merge request's pipelines for its last
        commit, the newest first. Raises ForgeError."""
        pipelines = f"{self._root}/merge_requests/{merged.number}/pipelines"
        for pipeline in self._api.pages(pipelines, _pipelines, needs=_SCOPE):
            if pipeline.sha != merged.head:
                continue
            jobs = f"{self._root}/pipelines/{pipeline.id}/jobs"
            for job in self._api.pages(jobs, _jobs, needs=_SCOPE):
                if job.name == name:
                    file = f"{self._root}/jobs/{job.id}/artifacts/{quote(path)}"
                    yield self._api.download(file, needs=_SCOPE, most=_MOST)


class Notes:
    """The notes of one merge request."""

    limits = _LIMITS

    def __init__(self, gitlab: GitLab, api: Api, here: str, page: str) -> None:
        self._gitlab = gitlab
        self._api = api
        self._here = here
        self._page = page

    def worded(self, text: str) -> str:
        """The text, without quick actions."""
        return _inert(text)

    def ours(self, marker: str) -> Sequence[Note]:
        """Those by the token's own user. Raises ForgeError."""
        me = self._gitlab.me()
        listed = self._api.pages(
            self._here, _notes, needs=_SCOPE, sort="asc", order_by="created_at"
        )
        return [
            self._note(each)
            for each in listed
            if each.author.id == me and not each.system and each.body.startswith(marker)
        ]

    def create(self, draft: Draft) -> Note:
        """Add a note. Raises ForgeError."""
        body = {"body": draft.body}
        return self._note(self._api.send("POST", self._here, _one_note, needs=_SCOPE, body=body))

    def update(self, note: Note, draft: Draft) -> Note:
        """Change a note. Raises ForgeError."""
        path, body = f"{self._here}/{note.number}", {"body": draft.body}
        return self._note(self._api.send("PUT", path, _one_note, needs=_SCOPE, body=body))

    def remove(self, note: Note) -> None:
        """Delete a note. Raises ForgeError."""
        self._api.remove(f"{self._here}/{note.number}", needs=_SCOPE)

    def _note(self, found: _Note) -> Note:
        return Note(
            number=found.id,
            url=f"{self._page}#note_{found.id}",
            body=found.body,
            updated=found.updated_at,
        )


class OpenIssues:
    """The open issues of a project."""

    limits = _LIMITS

    def __init__(self, gitlab: GitLab, api: Api, root: str) -> None:
        self._gitlab = gitlab
        self._api = api
        self._root = root

    def worded(self, text: str) -> str:
        """The text, without quick actions."""
        return _inert(text)

    def ours(self, marker: str) -> Sequence[Note]:
        """Those by the token's own user, the oldest first. Raises ForgeError."""
        me = self._gitlab.me()
        listed = self._api.pages(
            self._root,
            _issues,
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
        return self._api.send("POST", self._root, _one_issue, needs=_SCOPE, body=body).note()

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
            self._api.send("POST", path, _anything, needs=_SCOPE, body=body)
        return self._put(note, {"state_event": "close"})

    def _put(self, note: Note, body: Mapping[str, Any]) -> Note:
        path = f"{self._root}/{note.number}"
        return self._api.send("PUT", path, _one_issue, needs=_SCOPE, body=body).note()


def _inert(text: str) -> str:
    """No line is a quick action, such as `/close` or `/merge`.

    GitLab carries those out in the name of whoever writes the note.
    """
    return _QUICK_ACTION.sub(r"\1\\/", text)
