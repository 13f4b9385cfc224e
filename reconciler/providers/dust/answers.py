"""What goes out in one exchange, and what comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

_MOST_OF_A_FAULT = 2**20  # bytes
Query = Sequence[tuple[str, str]]
_HARMLESS = frozenset(
    {"availability", "includeAllMembers", "kind", "limit", "orderColumn", "role", "useCase"}
)
"""Parameters whose values tell nothing about anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request; `path` starts at the origin, `body` is JSON.

    `query`, `body` and `cookie` may hold secrets, and are never shown.
    """

    method: str
    path: str
    query: Query = field(default=(), repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    cookie: str | None = field(default=None, repr=False)
    seconds: float

    @property
    def shown_query(self) -> str:
        """The query as `--debug` may show it: of most parameters the names alone."""
        return "&".join(
            f"{name}={value if name in _HARMLESS else '…'}" for name, value in self.query
        )


class Trouble(StrEnum):
    """How an exchange broke."""

    NOT_SENT = "not sent"
    NO_ANSWER = "no answer"
    TOO_MUCH = "too much"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """No usable answer; `reason` is a few words without any value of ours."""

    trouble: Trouble
    reason: str


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _object(value: Any) -> Any:
    return value if isinstance(value, dict) else None


_Text = Annotated[str, BeforeValidator(_text)]


class Redirect(BaseModel):
    """Where a workspace of another region lives."""

    region: _Text = ""
    url: _Text = ""


class Fault(BaseModel):
    """The member `error` of an error body."""

    type: _Text = ""
    message: _Text = ""
    redirect: Annotated[Redirect | None, BeforeValidator(_object)] = None


class ConflictDetails(BaseModel):
    """Which server and tool are in the way."""

    model_config = ConfigDict(extra="ignore")

    conflictingServerName: _Text = ""  # noqa: N815 - the API's word
    conflictingToolName: _Text = ""  # noqa: N815 - the API's word


class NameConflict(BaseModel):
    """The member `nameConflict` beside `error` in an answer to `POST /mcp`."""

    name: _Text = ""
    conflictDetails: Annotated[ConflictDetails | None, BeforeValidator(_object)] = None  # noqa: N815


class Envelope(BaseModel):
    """An error body of the API."""

    error: Fault
    nameConflict: Annotated[NameConflict | None, BeforeValidator(_object)] = None  # noqa: N815


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer, its body read whole; `request_id` is what the server calls the exchange."""

    status: int
    body: bytes
    content_type: str = ""
    retry_after: str | None = None
    location: str | None = None
    date: str = ""
    request_id: str = ""
    cookies: tuple[str, ...] = field(default=(), repr=False)

    @property
    def succeeded(self) -> bool:
        """Whether the status is a 2xx."""
        return 200 <= self.status < 300

    def envelope(self) -> Envelope | None:
        """The body as an error of the API; None when it is something else, or too long for one."""
        if len(self.body) > _MOST_OF_A_FAULT:
            return None
        try:
            return Envelope.model_validate_json(self.body)
        except ValidationError:
            return None

    def fault(self) -> Fault | None:
        """The error that the API names; None when the body is something else."""
        envelope = self.envelope()
        return None if envelope is None else envelope.error
