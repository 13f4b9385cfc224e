"""Asks a remote MCP server who it is and what it offers, with the real mcp SDK."""

import asyncio
import importlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx2

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_NAME = "mcp"
DEFAULT_VERSION = "1.0.0"
_NO_METADATA = "Error getting metadata from the remote MCP server."


class ProbeError(Exception):
    """The server could not be reached, refused us, or does not speak MCP properly."""


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
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._pool = httpx2.AsyncHTTPTransport()

    async def aclose(self) -> None:
        """Close the pool."""
        await self._pool.aclose()

    async def probe(self, url: str, headers: "Mapping[str, str]") -> ServerFacts:
        """Connect, then list the tools.

        Raises:
            ProbeError: it did not work; the message is what Dust would show.
        """
        # Importing the SDK takes a second: keep answering meanwhile.
        await asyncio.to_thread(importlib.import_module, "mcp")
        wire = _Wire(self._pool)
        try:
            async with asyncio.timeout(self._timeout):
                return await _ask(url, headers, wire)
        except TimeoutError as error:
            raise ProbeError(
                f"Timed out after {self._timeout:g} s while connecting to the MCP server."
            ) from error
        except _unhealthy() as error:
            raise ProbeError(_why(error, wire)) from error


async def _ask(url: str, headers: "Mapping[str, str]", wire: "_Wire") -> ServerFacts:
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    async with (
        httpx2.AsyncClient(
            transport=wire, headers=dict(headers), timeout=None, trust_env=False
        ) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        tools: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = await client.list_tools(cursor=cursor)
            tools += [
                tool.model_dump(mode="json", by_alias=True, exclude_none=True)
                for tool in page.tools
            ]
            cursor = page.next_cursor
            if cursor is None:
                break
        info = client.server_info
        return ServerFacts(
            name=(info.name if info else "") or DEFAULT_NAME,
            version=(info.version if info else "") or DEFAULT_VERSION,
            description=info.description if info else None,
            tools=[_tool(tool) for tool in tools],
        )


def _unhealthy() -> tuple[type[Exception], ...]:
    """What a server that is down, refuses us, or answers sloppily makes the SDK raise.

    Errors inside the SDK's task groups come wrapped; pydantic's ValidationError is a ValueError.
    """
    from mcp.shared.exceptions import MCPError

    return (ExceptionGroup, MCPError, httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError,
            LookupError, RuntimeError, TypeError)  # fmt: skip


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    """The part of a tool that Dust keeps."""
    return {
        "name": tool["name"],
        "description": tool.get("description", ""),
        "inputSchema": tool.get("inputSchema", {"type": "object"}),
    }


class _Wire(httpx2.AsyncBaseTransport):
    """The shared pool, lent to one probe; remembers the last refusal.

    The SDK folds every HTTP error into "Server returned an error response".
    """

    def __init__(self, pool: httpx2.AsyncHTTPTransport) -> None:
        self._pool = pool
        self.refusal: int | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send, and look at the status."""
        response = await self._pool.handle_async_request(request)
        if request.method == "POST":
            self.refusal = response.status_code if response.status_code >= 300 else None
        return response

    async def aclose(self) -> None:
        """Leave the pool open for the next probe."""


def _why(error: BaseException, wire: _Wire) -> str:
    """The innermost cause, in one line."""
    from pydantic import ValidationError

    if wire.refusal is not None:
        try:
            phrase = HTTPStatus(wire.refusal).phrase
        except ValueError:
            phrase = "HTTP error"
        return f"{phrase} ({wire.refusal})"
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, ValidationError):
        return _NO_METADATA
    if isinstance(error, httpx2.ConnectError):
        return "Could not connect to the MCP server: connection failed."
    return str(error) or _NO_METADATA
