"""Finds the authorization server of an MCP server: RFC 9728, then RFC 8414 or OpenID discovery.

MCP authorization: `resource_metadata` of the 401, else the well-known places; the issuer in a
document must be the one it was looked up for; S256 must be offered; nothing is guessed once
metadata named a server. Redirects are not followed, and every URL must be one that may be asked.
"""

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

import httpx2
from pydantic import AfterValidator, BaseModel, Field, ValidationError

from reconciler.sandbox.envelope import ApiError
from reconciler.sandbox.masks import bare_url
from reconciler.sandbox.urls import refuse_unsafe

TIMEOUT = 10.0  # seconds a document may take
_SIZE_LIMIT = 256 * 1024
_CHALLENGE = re.compile(r'resource_metadata\s*=\s*"([^"]+)"', re.IGNORECASE)


class DiscoveryFailure(Exception):
    """There is no authorization server that could be used; the message says why."""


def _web_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        raise ValueError("not a web address")
    return text


WebUrl = Annotated[str, AfterValidator(_web_url)]


class ResourceMetadata(BaseModel):
    """RFC 9728 section 2, as far as it is used."""

    resource: WebUrl
    authorization_servers: list[WebUrl] = Field(min_length=1)
    scopes_supported: list[str] | None = None


class ServerMetadata(BaseModel):
    """RFC 8414 section 2, as far as it is used."""

    issuer: str
    authorization_endpoint: WebUrl
    token_endpoint: WebUrl
    registration_endpoint: WebUrl | None = None
    scopes_supported: list[str] | None = None
    code_challenge_methods_supported: list[str] = Field(default_factory=list)
    token_endpoint_auth_methods_supported: list[str] = Field(
        default_factory=lambda: ["client_secret_basic"]
    )


M = TypeVar("M", ResourceMetadata, ServerMetadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What an MCP server and its authorization server say; `resource` None: nothing of itself."""

    resource: ResourceMetadata | None
    server: ServerMetadata

    def scope(self, wanted: str | None) -> str | None:
        """The scopes to ask for: those given, else those of the resource, else of the server.

        Dust API: `offline_access` is added exactly when one of the documents knows it.
        """
        of_resource = None if self.resource is None else self.resource.scopes_supported
        scopes = wanted.split() if wanted else of_resource or self.server.scopes_supported or []
        scopes = [each for each in scopes if each != "offline_access"]
        known = {*(of_resource or []), *(self.server.scopes_supported or [])}
        return " ".join([*scopes, *(["offline_access"] if "offline_access" in known else [])])


class Explorer:
    """Fetches metadata documents.

    Args:
        transport: what requests go through; not closed.
        strict_urls: refuse documents on loopback.
    """

    def __init__(self, transport: httpx2.AsyncBaseTransport, *, strict_urls: bool) -> None:
        self._transport = transport
        self._strict_urls = strict_urls

    def client(self) -> httpx2.AsyncClient:
        """A client for one exchange."""
        return httpx2.AsyncClient(transport=self._transport, timeout=TIMEOUT, trust_env=False)

    async def check(self, url: str) -> None:
        """Make sure that a URL which a remote server handed out may be asked.

        Raises:
            DiscoveryFailure: it may not.
        """
        try:
            await refuse_unsafe(url, strict=self._strict_urls)
        except ApiError as error:
            raise DiscoveryFailure(f"{bare_url(url)} can't be used: {error.message}") from error

    async def find(self, url: str, headers: dict[str, str]) -> Found:
        """The authorization server of the MCP server at a URL.

        Raises:
            DiscoveryFailure: there is none that could be used.
        """
        resource = await self._resource(url, headers)
        issuer = _origin(url) if resource is None else resource.authorization_servers[0]
        return Found(resource=resource, server=await self._server(issuer))

    async def _resource(self, url: str, headers: dict[str, str]) -> ResourceMetadata | None:
        path = urlsplit(url).path.rstrip("/")
        known = f"{_origin(url)}/.well-known/oauth-protected-resource"
        named = await self._challenge(url, headers)
        places = [named] if named else list(dict.fromkeys([f"{known}{path}", known]))
        for place in places:
            found = await self._document(place, ResourceMetadata)
            if found is not None:
                if not _covers(found.resource, url):
                    raise DiscoveryFailure("the resource metadata is about another resource")
                return found
        if named:
            raise DiscoveryFailure("the resource metadata that the server names isn't there")
        return None

    async def _challenge(self, url: str, headers: dict[str, str]) -> str | None:
        """Where a 401 says that the resource metadata is."""
        body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        sent = {**headers, "Accept": "application/json, text/event-stream"}
        verb = "GET" if urlsplit(url).path.endswith("/sse") else "POST"
        try:
            async with (
                self.client() as client,
                client.stream(verb, url, json=body if verb == "POST" else None, headers=sent) as it,
            ):
                if it.status_code != HTTPStatus.UNAUTHORIZED:
                    return None
                match = _CHALLENGE.search(it.headers.get("www-authenticate", ""))
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise DiscoveryFailure("the MCP server could not be reached") from error
        return match.group(1) if match else None

    async def _server(self, issuer: str) -> ServerMetadata:
        origin, path = _origin(issuer), urlsplit(issuer).path.rstrip("/")
        places = [
            f"{origin}/.well-known/oauth-authorization-server{path}",
            f"{origin}/.well-known/openid-configuration{path}",
            f"{origin}{path}/.well-known/openid-configuration",
        ]
        for place in dict.fromkeys(places):
            found = await self._document(place, ServerMetadata)
            if found is None:
                continue
            # Identical but for a slash at the end, which the MCP SDK adds to a bare origin.
            if found.issuer.removesuffix("/") != issuer.removesuffix("/"):
                raise DiscoveryFailure("the authorization server's metadata names another issuer")
            if "S256" not in found.code_challenge_methods_supported:
                raise DiscoveryFailure("the authorization server doesn't offer PKCE with S256")
            for endpoint in (found.authorization_endpoint, found.token_endpoint):
                await self.check(endpoint)
            return found
        raise DiscoveryFailure("the authorization server publishes no metadata")

    async def _document(self, url: str, shape: type[M]) -> M | None:
        """One document; None when there is none at this place."""
        await self.check(url)
        try:
            async with self.client() as client, client.stream("GET", url) as response:
                if response.status_code != HTTPStatus.OK:
                    return None
                raw = b""
                async for part in response.aiter_bytes():
                    raw += part
                    if len(raw) > _SIZE_LIMIT:
                        raise DiscoveryFailure(f"{bare_url(url)} answers too much")
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise DiscoveryFailure(f"{bare_url(url)} could not be reached") from error
        try:
            return shape.model_validate(json.loads(raw))
        except (ValidationError, ValueError) as error:
            raise DiscoveryFailure(f"{bare_url(url)} is no proper metadata") from error


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _covers(resource: str, url: str) -> bool:
    """Whether metadata for a resource is about a URL: the same origin, and a path above it."""
    if _origin(resource).lower() != _origin(url).lower():
        return False
    above, path = urlsplit(resource).path.rstrip("/"), urlsplit(url).path.rstrip("/")
    return path == above or path.startswith(f"{above}/")
