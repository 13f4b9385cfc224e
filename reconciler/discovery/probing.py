"""Probes a remote MCP server: connects, lists its tools, and finds out how to sign in."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reconciler.authorization import (
    Auth,
    Check,
    Inquiry,
    Policy,
    Refused,
    bearer_challenge,
    transport,
)
from reconciler.discovery.findings import Finding, Mode, Tool

if TYPE_CHECKING:
    import httpx2

_UNAUTHORIZED, _FORBIDDEN = 401, 403
_HINTS = ("read_only_hint", "destructive_hint", "idempotent_hint", "open_world_hint")


@dataclass(slots=True)
class _Seen:
    """What passed by on the wire: the SDK folds refusals into words of its own."""

    status: int | None = None
    challenge: str = ""
    answered: bool = False
    refused: list[str] = field(default_factory=list)


def probe(
    url: str, *, headers: Mapping[str, str], allow_private: bool = False, timeout: float = 30.0
) -> Finding:
    """What the server at `url` is and needs; nothing is registered or written anywhere.

    Parameters: `headers` are sent to the server itself and to nobody else; `allow_private` lets it
    name private addresses; `timeout` seconds for all of it.
    """
    return asyncio.run(_probe(url, headers, allow_private=allow_private, seconds=timeout))


async def _probe(
    url: str, headers: Mapping[str, str], *, allow_private: bool, seconds: float
) -> Finding:
    import httpx2

    policy = Policy.of(url, allow_private=allow_private)
    guarded = transport(policy)
    seen = _Seen()
    try:
        async with asyncio.timeout(seconds):
            found = await _connect(url, headers, _recording(guarded, seen), seen)
            if found.healthy or seen.status not in (_UNAUTHORIZED, _FORBIDDEN):
                return found
            async with httpx2.AsyncClient(
                transport=guarded, timeout=seconds, trust_env=False
            ) as client:
                inquiry = Inquiry(client=client, policy=policy, url=url)
                challenge = bearer_challenge(seen.challenge)
                auth = await inquiry.run(challenge)
            return _judged(found, auth, tuple(inquiry.checks), with_headers=bool(headers))
    except TimeoutError:
        words = f"no complete answer in {seconds:g} s"
        return Finding(url=url, reached=seen.answered, healthy=False, why=words)
    finally:
        await guarded.aclose()


async def _connect(
    url: str, headers: Mapping[str, str], wire: "httpx2.AsyncBaseTransport", seen: _Seen
) -> Finding:
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared.exceptions import MCPError

    sloppy = (ValueError, LookupError, RuntimeError, TypeError)  # pydantic's error is a ValueError
    of_http = (httpx2.HTTPError, httpx2.InvalidURL, httpx2.SSEError, OSError, Refused)
    http = httpx2.AsyncClient(transport=wire, headers=dict(headers), trust_env=False)
    try:
        async with http, Client(streamable_http_client(url, http_client=http)) as client:
            tools = await _tools(client)
            info = client.server_info
            return Finding(
                url=url,
                reached=True,
                healthy=True,
                name=info.name if info else None,
                version=info.version if info else None,
                protocol=client.protocol_version,
                tools=tools,
                mode=Mode.BEARER if _has_bearer(headers) else Mode.NONE,
                why="it lists its tools with what was sent" if headers else "it answers anybody",
            )
    except (ExceptionGroup, MCPError, *of_http, *sloppy) as error:
        return Finding(
            url=url,
            reached=seen.answered,
            healthy=False,
            status=seen.status,
            why=_why(error, seen),
        )


async def _tools(client: Any) -> tuple[Tool, ...]:
    found: list[Tool] = []
    cursor: str | None = None
    while True:
        page = await client.list_tools(cursor=cursor)
        found += [_tool(tool) for tool in page.tools]
        cursor = page.next_cursor
        if cursor is None:
            return tuple(found)


def _tool(tool: Any) -> Tool:
    hints = tool.annotations
    named = [name for name in _HINTS if hints is not None and getattr(hints, name, None)]
    return Tool(
        name=tool.name,
        description=tool.description or "",
        hints=tuple(name.removesuffix("_hint").replace("_", "-") for name in named),
    )


def _judged(
    found: Finding, auth: Auth | None, checks: tuple[Check, ...], *, with_headers: bool
) -> Finding:
    """Which auth mode fits a server that refused."""
    judged = replace(found, auth=auth, checks=checks)
    if judged.failed:
        return replace(judged, why="it asks for a sign-in that isn't safe to do")
    if with_headers:
        return replace(judged, why="it refuses what was sent")
    if auth is None:
        why = "it asks for credentials and tells nothing about a sign-in: try a token or headers"
        return replace(judged, mode=Mode.BEARER, why=why)
    if auth.registration or auth.client_documents:
        return replace(judged, mode=Mode.AUTOMATIC, why="it tells all that a sign-in takes")
    why = "its authorization server lets no client register: create an OAuth app there"
    return replace(judged, mode=Mode.STATIC_OAUTH, why=why)


def _why(error: BaseException, seen: _Seen) -> str:
    if seen.refused:
        return f"not asked: {seen.refused[0]}"
    match seen.status:
        case None:
            pass
        case 401 | 403:
            return f"it refuses with HTTP {seen.status}"
        case 404 | 405:
            return f"HTTP {seen.status}: no MCP server over streamable HTTP is at this address"
        case status if status >= 400:
            return f"it fails with HTTP {status}"
        case status if status >= 300:
            return f"it redirects (HTTP {status}), which isn't followed: give the final address"
    if not seen.answered:
        return "it can't be reached"
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"it answers, but not as an MCP server does ({type(error).__name__})"


def _has_bearer(headers: Mapping[str, str]) -> bool:
    return any(name.lower() == "authorization" for name in headers)


def _recording(inner: "httpx2.AsyncBaseTransport", seen: _Seen) -> "httpx2.AsyncBaseTransport":
    import httpx2

    class Recording(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            try:
                response = await inner.handle_async_request(request)
            except Refused as error:
                seen.refused.append(str(error))
                raise
            seen.answered = True
            if request.method == "POST":
                refused = response.status_code >= 300
                seen.status = response.status_code if refused else None
                if refused:
                    seen.challenge = ", ".join(response.headers.get_list("www-authenticate"))
            return response

        async def aclose(self) -> None:
            """What it records stays open for the next step."""

    return Recording()
