"""What the rest of the tool knows of a forge: places for notes, and merged pull requests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Deed(StrEnum):
    """What became of something that was to be published."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    CLOSED = "closed"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The deed, and where to look at it; `number` and `url` are None when there is nothing."""

    deed: Deed
    number: int | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be said. Comments have no title; labels count when an issue is opened."""

    body: str
    title: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A comment or an issue that exists; `body` with its marker, `updated` when it last changed."""

    number: int
    url: str
    body: str
    title: str = ""
    updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The longest texts that a forge takes, in UTF-16 units, the most cautious way to count."""

    body: int
    title: int


class Place(Protocol):
    """The comments of one pull request, or the open issues. All methods raise ForgeError."""

    @property
    def limits(self) -> Limits:
        """The longest texts."""
        ...

    def worded(self, text: str) -> str:
        """The text as it may stand there: nothing in it is an order to the forge."""
        ...

    def ours(self, marker: str) -> Sequence[Note]:
        """What our own identity said that begins with the marker, the oldest first."""
        ...

    def create(self, draft: Draft) -> Note:
        """Say it; raises Uncertain when nobody knows whether that happened."""
        ...

    def update(self, note: Note, draft: Draft) -> Note:
        """Say it in the place of what was said."""
        ...

    def remove(self, note: Note) -> None:
        """Take away a double; one that is gone already is fine."""
        ...


class Issues(Place, Protocol):
    """The open issues of a repository."""

    def close(self, note: Note, comment: str) -> Note:
        """Close an issue, with a comment."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A merged pull request: its number, its page, the commit that was reviewed."""

    number: int
    url: str
    head: str
    at: datetime


class Forge(Protocol):
    """Where the repository is kept. All methods but `close` raise ForgeError."""

    def close(self) -> None:
        """Let go of connections."""
        ...

    def comments(self, number: int) -> Place:
        """The comments of a pull request."""
        ...

    def issues(self) -> Issues:
        """The open issues."""
        ...

    def merged(self, commit: str) -> Merged | None:
        """The pull request that was merged as this commit; None when it came without one."""
        ...

    def artifacts(self, merged: Merged, name: str, path: str) -> Iterator[bytes]:
        """The file at `path` of each artifact `name` that runs on the pull request's last commit
        left, the newest first."""
        ...
