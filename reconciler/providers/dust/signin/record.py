"""A stored sign-in: who, where, since when, and its tokens."""

import time
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from reconciler.providers.dust.signin.claims import read_claims
from reconciler.providers.dust.signin.provider_address import DEFAULT_NAMESPACE, LoginProvider
from reconciler.secrets import Secret

FORMAT = "reconciler.session/v1"
MARGIN = 30.0
"""Dust API: its own command line renews a token when fewer seconds than these are left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a sign-in gave; `obtained` is when, by this machine's clock, None if elsewhere."""

    access: Secret
    refresh: Secret | None = None
    obtained: float | None = None

    def ends(self, namespace: str) -> float | None:
        """When the access token ends by this machine's clock; None when it doesn't say."""
        claims = read_claims(self.access, namespace)
        if claims.expires is None:
            return None
        if self.obtained is not None and claims.issued is not None:
            # Counted from when it came, a clock that is wrong here does no harm.
            return self.obtained + claims.expires - claims.issued
        return claims.expires

    def due(self, namespace: str) -> bool:
        """Whether it is time to renew the access token."""
        ends = self.ends(namespace)
        if ends is None:
            return False
        begins = self.obtained
        if begins is None:
            begins = read_claims(self.access, namespace).issued
        lifetime = ends - begins if begins is not None else MARGIN * 2
        return ends - time.time() < min(MARGIN, lifetime / 2)

    def over(self, namespace: str) -> bool:
        """Whether the access token has ended."""
        ends = self.ends(namespace)
        return ends is not None and ends <= time.time()


class Kept(StrEnum):
    """Where the tokens of a sign-in are."""

    FILE = "file"
    KEYRING = "keyring"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A stored sign-in without its tokens.

    `url` is the address of the API that the access token may be sent to; `workspaces` the ids
    of those that its person belonged to; `provider` is None for a token that was given as it is.
    """

    url: str
    email: str
    workspaces: tuple[str, ...]
    since: str
    provider: LoginProvider | None = None
    kept: Kept = field(default=Kept.FILE)

    @property
    def namespace(self) -> str:
        """What the claims' names start with."""
        return self.provider.namespace if self.provider else DEFAULT_NAMESPACE


class Part(BaseModel):
    """A part of what is kept of a sign-in."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)


class TokensPart(Part):
    """The tokens, in the open."""

    access: str
    refresh: str | None = None
    obtained: float | None = None

    @classmethod
    def of(cls, tokens: Tokens) -> "TokensPart":
        """These tokens."""
        return cls(
            access=tokens.access.reveal(),
            refresh=tokens.refresh.reveal() if tokens.refresh is not None else None,
            obtained=tokens.obtained,
        )

    def tokens(self) -> Tokens:
        """The tokens."""
        return Tokens(
            access=Secret(self.access),
            refresh=Secret(self.refresh) if self.refresh is not None else None,
            obtained=self.obtained,
        )


class LoginPart(Part):
    """The identity provider."""

    origin: str
    client_id: str
    namespace: str

    @classmethod
    def of(cls, provider: LoginProvider) -> "LoginPart":
        """This provider."""
        return cls(
            origin=provider.origin, client_id=provider.client_id, namespace=provider.namespace
        )

    def provider(self) -> LoginProvider:
        """The provider."""
        return LoginProvider(**self.model_dump(by_alias=False))


class HeadPart(Part):
    """Whose it is, and where it counts."""

    format: str
    url: str
    email: str
    workspaces: list[str]
    since: str


class _Document(HeadPart):
    login: LoginPart | None = None
    kept: Kept
    tokens: TokensPart | None = None


def tokens_text(tokens: Tokens) -> str:
    """The tokens alone, for a keyring."""
    return TokensPart.of(tokens).model_dump_json(by_alias=True)


def read_tokens(text: str) -> Tokens | None:
    """What `tokens_text` wrote; None when it is something else."""
    try:
        return TokensPart.model_validate_json(text).tokens()
    except ValidationError:
        return None


def record_text(record: SignIn, tokens: Tokens | None) -> str:
    """The file of a sign-in; with its tokens when they are kept in it."""
    provider = record.provider
    document = _Document(
        format=FORMAT,
        url=record.url,
        email=record.email,
        workspaces=list(record.workspaces),
        since=record.since,
        login=None if provider is None else LoginPart.of(provider),
        kept=record.kept,
        tokens=TokensPart.of(tokens) if tokens else None,
    )
    return document.model_dump_json(by_alias=True, indent=2) + "\n"


def read_record(text: bytes) -> tuple[SignIn, Tokens | None] | None:
    """What `record_text` wrote; None when it is something else."""
    try:
        document = _Document.model_validate_json(text)
    except ValidationError:
        return None
    if document.format != FORMAT:
        return None
    login = document.login
    record = SignIn(
        url=document.url,
        email=document.email,
        workspaces=tuple(document.workspaces),
        since=document.since,
        provider=None if login is None else login.provider(),
        kept=document.kept,
    )
    return record, document.tokens.tokens() if document.tokens else None
