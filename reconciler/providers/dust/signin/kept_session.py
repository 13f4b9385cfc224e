"""A session that several machines share: what is written down of it, as one JSON text."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, ValidationError

from reconciler.providers.dust.signin.record import (
    HeadPart,
    LoginPart,
    Part,
    SignIn,
    Tokens,
    TokensPart,
)
from reconciler.secrets import Secret

FORMAT = "reconciler.kept-session/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewing:
    """Who has the right to use the refresh token, from when until when.

    `id` is one process's own, `by` and `job` its names for people. `left` says that it let go
    without new tokens: nobody needs to wait, and what it sent may have counted all the same.
    """

    id: str
    by: str
    job: str | None
    since: datetime
    until: datetime
    left: bool = False

    @property
    def text(self) -> str:
        """Who, and where to look."""
        return f"{self.by} ({self.job})" if self.job else self.by


class Why(StrEnum):
    """Why a session can't be used any more."""

    SIGNED_OUT = "signed-out"
    REFUSED = "refused"
    """The identity provider doesn't renew it."""
    LOST = "lost"
    """Somebody renewed it, it seems, and didn't write the result down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """That a session is over: since when, and by whom if that is known."""

    why: Why
    at: datetime
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSession:
    """A session.

    `generation` counts its pairs of tokens, from 1. Exactly one of `tokens` and `ended` is there.
    """

    sign_in: SignIn
    tokens: Tokens | None
    generation: int = 1
    renewing: Renewing | None = None
    ended: Ended | None = None

    def over(self, ended: Ended) -> "KeptSession":
        """The same, without its tokens."""
        return replace(self, tokens=None, renewing=None, ended=ended)


class _Renewing(Part):
    id: str
    by: str
    job: str | None
    since: AwareDatetime
    until: AwareDatetime
    left: bool


class _Ended(Part):
    why: Why
    at: AwareDatetime
    by: str | None


class _Document(HeadPart):
    login: LoginPart
    generation: int
    tokens: TokensPart | None
    renewing: _Renewing | None
    ended: _Ended | None


def session_text(session: KeptSession) -> Secret:
    """A session as one line of JSON."""
    sign_in, tokens = session.sign_in, session.tokens
    renewing, ended = session.renewing, session.ended
    assert sign_in.provider is not None, "only what can be renewed is kept"
    document = _Document(
        format=FORMAT,
        url=sign_in.url,
        email=sign_in.email,
        workspaces=list(sign_in.workspaces),
        since=sign_in.since,
        login=LoginPart.of(sign_in.provider),
        generation=session.generation,
        # When it came is of no use on a machine whose clock may be another.
        tokens=None if tokens is None else TokensPart.of(replace(tokens, obtained=None)),
        renewing=None
        if renewing is None
        else _Renewing(
            id=renewing.id,
            by=renewing.by,
            job=renewing.job,
            since=renewing.since,
            until=renewing.until,
            left=renewing.left,
        ),
        ended=None if ended is None else _Ended(why=ended.why, at=ended.at, by=ended.by),
    )
    return Secret(document.model_dump_json(by_alias=True))


def read_session(text: Secret) -> KeptSession | None:
    """What `session_text` wrote; None when it is something else."""
    try:
        document = _Document.model_validate_json(text.reveal())
    except ValidationError:
        return None
    renewing, ended = document.renewing, document.ended
    if document.format != FORMAT or (document.tokens is None) == (ended is None):
        return None
    return KeptSession(
        sign_in=SignIn(
            url=document.url,
            email=document.email,
            workspaces=tuple(document.workspaces),
            since=document.since,
            provider=document.login.provider(),
        ),
        tokens=None if document.tokens is None else document.tokens.tokens(),
        generation=document.generation,
        renewing=None if renewing is None else Renewing(**renewing.model_dump(by_alias=False)),
        ended=None if ended is None else Ended(**ended.model_dump(by_alias=False)),
    )
