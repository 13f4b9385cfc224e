"""Bodies are bounded before anybody looks at what was asked: 413 for size, 408 for time."""

import asyncio
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from starlette.types import Message, Receive, Scope, Send

from reconciler.sandbox.body_bounds import MOST_BYTES, BoundedBodies
from tests.parts.sandbox_process import SandboxProcess

PATHS = ("/api/w/acme/mcp", "/api/v1/me", "/api/w/acme/oauth/mcp/setup", "/login", "/nowhere")
MIB = 2**20


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """A sandbox for the whole module."""
    with SandboxProcess() as process:
        yield process


def told(sandbox: SandboxProcess, path: str, headers: str, body: bytes = b"") -> bytes:
    """The status line of the answer to a request, which is never sent to its end."""
    parts = urlsplit(sandbox.url)
    with socket.create_connection((parts.hostname, parts.port or 0), timeout=20) as line:
        head = f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{headers}\r\n\r\n"
        line.sendall(head.encode() + body)
        return line.makefile("rb").readline()


@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(
    sandbox: SandboxProcess, path: str
) -> None:
    assert b" 413 " in told(sandbox, path, f"Content-Length: {MOST_BYTES + 1}")


@pytest.mark.parametrize("path", PATHS)
def test_a_body_in_pieces_is_refused_when_it_has_become_too_large(
    sandbox: SandboxProcess, path: str
) -> None:
    pieces = (b"%x\r\n" % MIB + b" " * MIB + b"\r\n") * (MOST_BYTES // MIB) + b"1\r\n \r\n"
    assert b" 413 " in told(sandbox, path, "Transfer-Encoding: chunked", pieces)


def test_the_largest_body_is_read_and_its_token_looked_at(sandbox: SandboxProcess) -> None:
    body = b" " * MOST_BYTES
    headers = f"Authorization: Bearer nobody\r\nContent-Length: {len(body)}"
    assert b" 401 " in told(sandbox, PATHS[0], headers, body)


def test_json_that_nests_too_deep_is_malformed(sandbox: SandboxProcess) -> None:
    body = b"[" * 100_000 + b"]" * 100_000
    headers = f"Content-Length: {len(body)}\r\nAuthorization: Bearer {sandbox.tokens['admin']}"
    path = f"/api/w/{sandbox.workspace_id}/spaces"
    assert b" 400 " in told(sandbox, path, headers, body)


async def answered(seconds: float) -> list[Message]:
    """What is sent to somebody whose body never ends, and the application isn't asked."""
    sent: list[Message] = []

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise AssertionError("a body that isn't whole is nothing to answer")

    async def receive() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b" ", "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    await BoundedBodies(app, seconds)(scope, receive, send)
    return sent


def test_a_body_that_trickles_is_refused_and_its_line_closed() -> None:
    begun = asyncio.run(answered(0.05))[0]
    assert begun["status"] == 408
    assert (b"connection", b"close") in begun["headers"]
