"""Asks a remote MCP server who it is and what it offers, with the real mcp SDK.

Dust API: a path that ends in `/sse` means SSE; everything else is streamable HTTP, with SSE as the
fallback when the server answers 4xx other than 429. `initialize` and `tools/list` must succeed.
"""

import asyncio
import importlib
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx2

from reconciler.authorization import Policy, Refused, transport
from reconciler.bounds import TooMuch
from reconciler.discovery import Seen, Transport, tools_of, watched

DEFAULT_NAME = "mcp"
DEFAULT_VERSION = "1.0.0"
NO_METADATA = "Error getting metadata from the remote MCP server."


class ProbeError(Exception):
    """The server could not be reached, refused us, or does not speak MCP properly.

    Args:
        message: what Dust would show.
        status: the HTTP status it refused us with.
        challenge: the `WWW-Authenticate` of that refusal.
    """

    def __init__(self, message: str, status: int | None = None, challenge: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.challenge = challenge


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What a server said about itself."""

    name: str
    version: str
    description: str | None
    tools: list[dict[str, Any]]


class Prober:
    """Connects to MCP servers over one shared connection pool.

    Args:
        timeout: seconds for connecting, `initialize` and `tools/list` together.
        policy: which addresses may be asked.
    """

    def __init__(self, timeout: float, policy: Policy) -> None:
        self._timeout = timeout
        self.policy = policy
        self._pool = transport(policy)

    async def aclose(self) -> None:
        """Close the pool."""
        await self._pool.aclose()

    def lend(self) -> httpx2.AsyncBaseTransport:
        """The pool for one more client, which may close what it gets."""
        return _Lent(self._pool)

    async def probe(self, url: str, headers: Mapping[str, str]) -> ServerFacts:
        """Connect, then list the tools.

        Raises:
            ProbeError: it did not work.
        """
        # Importing the SDK takes a second: keep answering meanwhile.
        await asyncio.to_thread(importlib.import_module, "mcp")
        try:
            async with asyncio.timeout(self._timeout):
                return await self._dial(url, headers)
        except TimeoutError as error:
            raise ProbeError(
                f"Timed out after {self._timeout:g} s while connecting to the MCP server."
            ) from error

    async def _dial(self, url: str, headers: Mapping[str, str]) -> ServerFacts:
        if urlsplit(url).path.endswith("/sse"):
            return await _attempt(url, headers, _Wire(self._pool, "GET"))
        try:
            return await _attempt(url, headers, _Wire(self._pool, "POST"))
        except ProbeError as refused:
            status = refused.status
            if status is None or not 400 <= status < 500 or status == 429:
                raise
            try:
                return await _attempt(url, headers, _Wire(self._pool, "GET"))
            except ProbeError:
                raise refused from None


class _Lent(httpx2.AsyncBaseTransport):
    """The shared pool, which stays open when its borrower closes."""

    def __init__(self, pool: httpx2.AsyncBaseTransport) -> None:
        self._pool = pool

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send."""
        return await self._pool.handle_async_request(request)

    async def aclose(self) -> None:
        """Leave the pool open for the next one."""


class _Wire(_Lent):
    """The pool, lent to one attempt; remembers the last refusal, and whether too much was sent.

    The SDK folds every HTTP error into "Server returned an error response".

    Args:
        pool: the pool.
        verb: the method whose refusal counts: POST speaks streamable HTTP, GET opens SSE.
    """

    def __init__(self, pool: httpx2.AsyncBaseTransport, verb: str) -> None:
        super().__init__(pool)
        self.verb = verb
        self.refusal: int | None = None
        self.challenge = ""
        speaks = Transport.STREAMABLE_HTTP if verb == "POST" else Transport.SSE
        self.seen = Seen(transport=speaks)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send, and look at the status."""
        response = await super().handle_async_request(request)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = watched(response.stream, str(request.url), self.seen, opens=False)
        if request.method == self.verb:
            self.refusal = response.status_code if response.status_code >= 300 else None
            self.challenge = ", ".join(response.headers.get_list("www-authenticate"))
        return response


async def _attempt(url: str, headers: Mapping[str, str], wire: _Wire) -> ServerFacts:
    try:
        return await _ask(_streams(url, headers, wire), wire.seen)
    except _unhealthy() as error:
        raise ProbeError(_why(error, wire), wire.refusal, wire.challenge) from error


def _unhealthy() -> tuple[type[Exception], ...]:
    """What a server that is down, refuses us, or answers sloppily makes the SDK raise.

    Errors inside the SDK's task groups come wrapped; pydantic's ValidationError is a ValueError.
    """
    from mcp.shared.exceptions import MCPError

    of_http = (httpx2.HTTPError, httpx2.InvalidURL, httpx2.SSEError, OSError, Refused, TooMuch)
    of_content = (ValueError, LookupError, RuntimeError, TypeError)
    return (ExceptionGroup, MCPError, *of_http, *of_content)


def _streams(url: str, headers: Mapping[str, str], wire: _Wire) -> AbstractAsyncContextManager[Any]:
    from mcp.client.sse import sse_client
    from mcp.client.streamable_http import streamable_http_client

    def client(
        headers: dict[str, str] | None = None,
        timeout: httpx2.Timeout | None = None,
        auth: httpx2.Auth | None = None,
    ) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            transport=wire, headers=headers, timeout=timeout, auth=auth, trust_env=False
        )

    # Nobody closes these clients: they own nothing, the pool is the prober's.
    if wire.verb == "GET":
        return sse_client(url, headers=dict(headers), httpx_client_factory=client)
    return streamable_http_client(url, http_client=client(dict(headers)))


async def _ask(streams: AbstractAsyncContextManager[Any], seen: Seen) -> ServerFacts:
    from mcp import Client

    async with Client(streams) as client:
        tools: list[dict[str, Any]] = [
            tool.model_dump(mode="json", by_alias=True) async for tool in tools_of(client, seen)
        ]
        info = client.server_info
        return ServerFacts(
            name=(info.name if info else "") or DEFAULT_NAME,
            version=(info.version if info else "") or DEFAULT_VERSION,
            description=info.description if info else None,
            tools=[_tool(tool) for tool in tools],
        )


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a tool that Dust keeps."""
    return {
        "name": tool["name"],
        "description": tool["description"] or "",
        "inputSchema": tool["inputSchema"],
    }


def _why(error: BaseException, wire: _Wire) -> str:
    """The innermost cause, in one line."""
    from pydantic import ValidationError

    if wire.seen.excess:
        return f"The MCP server {wire.seen.excess}."
    if wire.refusal is not None:
        try:
            phrase = HTTPStatus(wire.refusal).phrase
        except ValueError:
            phrase = "HTTP error"
        return f"{phrase} ({wire.refusal})"
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, ValidationError):
        return NO_METADATA
    if isinstance(error, httpx2.ConnectError):
        return "Could not connect to the MCP server: connection failed."
    return str(error) or NO_METADATA
