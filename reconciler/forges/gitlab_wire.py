"""What GitLab answers, as far as we read it."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, TypeAdapter

from reconciler.forges.contract import Note


class User(BaseModel):
    """Who wrote something."""

    id: int


class LabNote(BaseModel):
    """A note on a merge request."""

    id: int
    body: str
    author: User
    system: bool = False
    updated_at: datetime


class Issue(BaseModel):
    """An issue."""

    iid: int
    web_url: str
    title: str
    description: str | None
    author: User
    updated_at: datetime

    def note(self) -> Note:
        """The note that it is."""
        return Note(
            number=self.iid,
            url=self.web_url,
            body=self.description or "",
            title=self.title,
            updated=self.updated_at,
        )


class MergeRequest(BaseModel):
    """A merge request."""

    iid: int
    web_url: str
    sha: str | None
    merged_at: datetime | None
    merge_commit_sha: str | None
    squash_commit_sha: str | None


class Pipeline(BaseModel):
    """A pipeline."""

    id: int
    sha: str
    ref: str | None = None
    project_id: int | None = None


class Commit(BaseModel):
    """A commit."""

    parent_ids: list[str]


class Job(BaseModel):
    """A job of a pipeline."""

    id: int
    name: str


ME = TypeAdapter(User)
ONE_NOTE, NOTES = TypeAdapter(LabNote), TypeAdapter(list[LabNote])
ONE_ISSUE, ISSUES = TypeAdapter(Issue), TypeAdapter(list[Issue])
REQUESTS, PIPELINES = TypeAdapter(list[MergeRequest]), TypeAdapter(list[Pipeline])
COMMIT, JOBS, ANYTHING = TypeAdapter(Commit), TypeAdapter(list[Job]), TypeAdapter(Any)
