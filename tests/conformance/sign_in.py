"""A sign-in at one MCP server, put together from the OAuth client's parts."""

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field

import httpx2

from reconciler.authorization import (
    Auth,
    Challenge,
    Inquiry,
    OAuthApp,
    Policy,
    TokenEndpoint,
    TokenFailure,
    Tokens,
    Verdict,
    authorization_url,
    bearer_challenge,
    code_in,
    register,
    scopes_to_ask,
)

TRIES = 3


class SignInRefused(Exception):
    """There is no signing in that would be safe."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who we are at one authorization server."""

    client_id: str
    client_secret: str | None = None
    auth_method: str | None = None


@dataclass(kw_only=True)
class SignIn:
    """Everything that is known of one sign-in; identities are kept by issuer."""

    url: str
    redirect_uri: str
    document: str
    wire: httpx2.AsyncBaseTransport
    policy: Policy
    consent: Callable[[str], Awaitable[str]]
    registered: Identity | None = None
    identities: dict[str, Identity] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    issuer: str | None = None
    tokens: Tokens | None = None

    async def answer(self, challenge: Challenge | None) -> None:
        """Get a token for what a server asks."""
        async with httpx2.AsyncClient(transport=self.wire, trust_env=False) as http:
            inquiry = Inquiry(client=http, policy=self.policy, url=self.url)
            auth = await inquiry.run(challenge)
            if auth is None:
                bad = [each.message for each in inquiry.checks if each.verdict is Verdict.FAIL]
                raise SignInRefused(*bad[:1])
            moved = self.issuer is not None and self.issuer != auth.issuer
            if moved:
                self.tokens, self.asked = None, ()
            self.issuer = auth.issuer
            more = challenge is not None and challenge.error == "insufficient_scope"
            self.asked = scopes_to_ask(auth, challenge, before=self.asked if more else ())
            identity = await self.identity(http, auth)
        endpoint = TokenEndpoint(self.app(auth, identity), self.wire)
        if self.tokens and self.tokens.refresh_token and not more:
            try:
                self.tokens = await endpoint.refresh(self.tokens.refresh_token)
            except TokenFailure:
                self.tokens = None
            else:
                return
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        app = self.app(auth, identity)
        address = authorization_url(
            auth.authorization_endpoint,
            client_id=app.client_id,
            redirect_uri=self.redirect_uri,
            state=state,
            verifier=verifier,
            scope=app.scope,
            resource=app.resource,
        )
        code = code_in(await self.consent(address), state=state, auth=auth)
        self.tokens = await endpoint.redeem(code, verifier=verifier, redirect_uri=self.redirect_uri)

    async def identity(self, http: httpx2.AsyncClient, auth: Auth) -> Identity:
        """Pre-registered, named by a document, or registered now; once for each issuer."""
        if auth.issuer in self.identities:
            return self.identities[auth.issuer]
        if self.registered is not None:
            if self.identities:
                raise SignInRefused("the client is registered at another authorization server")
            found = self.registered
        elif auth.client_documents:
            found = Identity(client_id=self.document)
        elif auth.registration_endpoint is not None:
            made = await register(
                http,
                auth.registration_endpoint,
                name="reconciler conformance",
                redirect_uris=[self.redirect_uri],
                scope=" ".join(self.asked) or None,
                offered=auth.token_auth_methods,
            )
            found = Identity(
                client_id=made.client_id,
                client_secret=made.client_secret,
                auth_method=made.auth_method,
            )
        else:
            raise SignInRefused("the authorization server lets no client register")
        self.identities[auth.issuer] = found
        return found

    def app(self, auth: Auth, identity: Identity) -> OAuthApp:
        """The client as the token endpoint knows it."""
        offered = auth.token_auth_methods
        method = identity.auth_method or next(
            (each for each in offered if each.startswith("client_secret_")), "none"
        )
        return OAuthApp(
            client_id=identity.client_id,
            client_secret=identity.client_secret,
            token_endpoint=auth.token_endpoint,
            auth_method=method,
            resource=auth.resource or self.url,
            scope=" ".join(self.asked) or None,
        )


class SignedIn(httpx2.Auth):
    """Signs in when a server asks for it, and again when it asks for more, a few times."""

    def __init__(self, sign_in: SignIn) -> None:
        self.sign_in = sign_in

    async def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Send, sign in, send again."""
        for attempt in range(TRIES + 1):
            if self.sign_in.tokens is not None:
                request.headers["Authorization"] = f"Bearer {self.sign_in.tokens.access_token}"
            response = yield request
            challenge = bearer_challenge(", ".join(response.headers.get_list("www-authenticate")))
            lacks = challenge is not None and challenge.error == "insufficient_scope"
            if attempt == TRIES or not (
                response.status_code == 401 or (response.status_code == 403 and lacks)
            ):
                return
            await self.sign_in.answer(challenge)
