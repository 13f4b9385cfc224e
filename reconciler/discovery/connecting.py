"""Connects to an MCP server with the SDK and lists its tools: streamable HTTP, or SSE of old."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reconciler.authorization import Refused
from reconciler.bounds import TooMuch
from reconciler.discovery.findings import Finding, Mode, Tool, Transport
from reconciler.discovery.wire import Seen, recording

if TYPE_CHECKING:
    import httpx2

REFUSALS = (401, 403)
_BUSY = 429
_MOST_PAGES, _MOST_TOOLS = 100, 10_000
_OF_THE_SDK = {
    "exceeded the 1048576 byte limit": "sends an event of more than 1 MiB",
    "recursion limit exceeded": "sends JSON that nests more than 200 deep",
}
"""What the SDK (an event) and pydantic (JSON) say of bounds of their own, in words of ours."""
_HINTS = ("read_only_hint", "destructive_hint", "idempotent_hint", "open_world_hint")


@dataclass(slots=True, kw_only=True)
class Visit:
    """One server, visited over `wire`, which guards every request and isn't closed.

    `seen` is what the attempt that counts saw; `found` what the first attempt came to, for when
    the second never ends.
    """

    url: str
    headers: Mapping[str, str]
    wire: "httpx2.AsyncBaseTransport"
    seen: Seen = field(default_factory=lambda: Seen(transport=Transport.STREAMABLE_HTTP))
    found: Finding | None = None

    async def connect(self) -> Finding:
        """List the tools, or find out what is in the way.

        MCP, backwards compatibility: where a POST is answered with 4xx, a GET may open SSE. A
        path that ends in `/sse` means SSE from the first (Dust API: so does a workspace).
        """
        if urlsplit(self.url).path.rstrip("/").endswith("/sse"):
            return await self._attempt(Transport.SSE)
        first = self.found = await self._attempt(Transport.STREAMABLE_HTTP)
        status = self.seen.status
        if first.healthy or status is None or not 400 <= status < 500:
            return first
        if status in (*REFUSALS, _BUSY):
            return first
        before = self.seen
        second = await self._attempt(Transport.SSE)
        told = self.seen.refused or self.seen.excess
        if second.healthy or self.seen.status in REFUSALS or told:
            return second
        self.seen = before
        return first

    async def _attempt(self, transport: Transport) -> Finding:
        seen = self.seen = Seen(transport=transport)
        asking = asyncio.create_task(self._ask(seen))
        broken = asyncio.create_task(seen.broken.wait())
        try:
            await asyncio.wait([asking, broken], return_when=asyncio.FIRST_COMPLETED)
            return asking.result() if asking.done() else self._unhealthy(seen, None)
        finally:
            for task in (asking, broken):
                task.cancel()
            await asyncio.gather(asking, broken, return_exceptions=True)

    async def _ask(self, seen: Seen) -> Finding:
        import httpx2
        from mcp import Client
        from mcp.shared.exceptions import MCPError

        # pydantic's error is a ValueError
        sloppy = (ValueError, LookupError, RuntimeError, TypeError)
        of_http = (httpx2.HTTPError, httpx2.InvalidURL, httpx2.SSEError, OSError, Refused)
        try:
            with _hushed():
                async with AsyncExitStack() as stack:
                    wire = recording(self.wire, seen)
                    spoken = await _transport(self.url, self.headers, wire, seen.transport, stack)
                    client = await stack.enter_async_context(Client(spoken))
                    tools = tuple([_tool(tool) async for tool in tools_of(client, seen)])
                    return self._healthy(client, tools, seen.transport)
        except (ExceptionGroup, MCPError, TooMuch, *of_http, *sloppy) as error:
            return self._unhealthy(seen, error)

    def _healthy(self, client: Any, tools: tuple[Tool, ...], transport: Transport) -> Finding:
        info = client.server_info
        return Finding(
            url=self.url,
            reached=True,
            healthy=True,
            name=info.name if info else None,
            version=info.version if info else None,
            transport=transport,
            protocol=client.protocol_version,
            tools=tools,
            mode=Mode.BEARER if has_token(self.headers) else Mode.NONE,
            why="it lists its tools with what was sent" if self.headers else "it answers anybody",
        )

    def _unhealthy(self, seen: Seen, error: BaseException | None) -> Finding:
        return Finding(
            url=self.url,
            reached=seen.answered,
            healthy=False,
            status=seen.status,
            why=_why(error, seen),
        )


def has_token(headers: Mapping[str, str]) -> bool:
    """Whether `Authorization` is among the headers."""
    return any(name.lower() == "authorization" for name in headers)


async def _transport(
    url: str,
    headers: Mapping[str, str],
    wire: "httpx2.AsyncBaseTransport",
    transport: Transport,
    stack: AsyncExitStack,
) -> AbstractAsyncContextManager[Any]:
    import httpx2
    from mcp.client.sse import sse_client
    from mcp.client.streamable_http import streamable_http_client

    if transport is Transport.STREAMABLE_HTTP:
        http = httpx2.AsyncClient(transport=wire, headers=dict(headers), trust_env=False)
        return streamable_http_client(url, http_client=await stack.enter_async_context(http))

    def ready(
        headers: dict[str, str] | None = None,
        timeout: httpx2.Timeout | None = None,
        auth: httpx2.Auth | None = None,
    ) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            transport=wire, headers=headers, timeout=timeout, auth=auth, trust_env=False
        )

    # What is compressed can't be read along.
    sent = {**headers, "Accept-Encoding": "identity"}
    return sse_client(url, headers=sent, httpx_client_factory=ready)


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep the SDK from logging tracebacks about servers that misbehave."""
    log = logging.getLogger("mcp")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(before)


async def tools_of(client: Any, seen: Seen) -> AsyncIterator[Any]:
    """Each tool that the server lists, page after page. Raises TooMuch when there is no end."""
    cursor: str | None = None
    asked, listed = set[str](), 0
    for _ in range(_MOST_PAGES):
        page = await client.list_tools(cursor=cursor)
        listed += len(page.tools)
        if listed > _MOST_TOOLS:
            raise seen.exceed(f"lists more than {_MOST_TOOLS:,} tools")
        for tool in page.tools:
            yield tool
        cursor = page.next_cursor
        if cursor is None:
            return
        if cursor in asked:
            raise seen.exceed("lists its tools in a circle: a page leads back to an earlier one")
        asked.add(cursor)
    raise seen.exceed(f"lists its tools on more than {_MOST_PAGES} pages")


def _tool(tool: Any) -> Tool:
    hints = tool.annotations
    named = [name for name in _HINTS if hints is not None and getattr(hints, name, None)]
    return Tool(
        name=tool.name,
        description=tool.description or "",
        hints=tuple(name.removesuffix("_hint").replace("_", "-") for name in named),
    )


def _why(error: BaseException | None, seen: Seen) -> str:
    if seen.refused:
        return f"not asked: {seen.refused[0]}"
    if seen.excess:
        return f"it {seen.excess}, and isn't read any further"
    match seen.status:
        case None:
            pass
        case 401 | 403:
            return f"it refuses with HTTP {seen.status}"
        case 404 | 405:
            return f"HTTP {seen.status}: no MCP server is at this address"
        case 429:
            return "it has no time (HTTP 429): ask again later"
        case status if status >= 400:
            return f"it fails with HTTP {status}"
        case status if status >= 300:
            return f"it redirects (HTTP {status}), which isn't followed: give the final address"
    if not seen.answered:
        return "it can't be reached"
    return _misread(error)


def _misread(error: BaseException | None) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    told = str(error)
    for words, excess in _OF_THE_SDK.items():
        if words in told:
            return f"it {excess}, and isn't read any further"
    if type(error).__name__ == "DecodingError":
        return f"it answers what can't be unpacked: {told}"
    kind = f" ({type(error).__name__})" if error else ""
    return f"it answers, but not as an MCP server does{kind}"
