"""What GitHub answers, as far as we read it."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, TypeAdapter

from reconciler.forges.contract import Note


class User(BaseModel):
    """Who wrote something."""

    login: str


class Comment(BaseModel):
    """A comment on an issue or a pull request."""

    id: int
    html_url: str
    body: str | None
    user: User | None
    updated_at: datetime

    def note(self) -> Note:
        """The note that it is."""
        return Note(
            number=self.id, url=self.html_url, body=self.body or "", updated=self.updated_at
        )


class Issue(BaseModel):
    """An issue, or a pull request, which is one too."""

    number: int
    html_url: str
    title: str
    body: str | None
    user: User | None
    updated_at: datetime
    pull_request: Any = None

    def note(self) -> Note:
        """The note that it is."""
        return Note(
            number=self.number,
            url=self.html_url,
            body=self.body or "",
            title=self.title,
            updated=self.updated_at,
        )


class Commit(BaseModel):
    """The end of a branch."""

    sha: str


class Pull(BaseModel):
    """A pull request."""

    number: int
    html_url: str
    merged_at: datetime | None
    merge_commit_sha: str | None
    head: Commit


class Run(BaseModel):
    """The run of a workflow that left an artifact."""

    repository_id: int
    head_repository_id: int
    head_sha: str


class Artifact(BaseModel):
    """An artifact."""

    id: int
    name: str
    expired: bool
    created_at: datetime
    workflow_run: Run | None


class Viewer(BaseModel):
    """Who the token is."""

    login: str


class Data(BaseModel):
    """The data of GraphQL's answer."""

    viewer: Viewer


class GraphQL(BaseModel):
    """GraphQL's answer to who one is."""

    data: Data


ONE_COMMENT, COMMENTS = TypeAdapter(Comment), TypeAdapter(list[Comment])
ONE_ISSUE, ISSUES = TypeAdapter(Issue), TypeAdapter(list[Issue])
PULLS, ARTIFACTS = TypeAdapter(list[Pull]), TypeAdapter(list[Artifact])
VIEWER, ANYTHING = TypeAdapter(GraphQL), TypeAdapter(Any)
