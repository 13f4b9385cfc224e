"""MCP servers on loopback that never come to an end, or answer far too much."""

import json
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, count, repeat
from types import TracebackType
from typing import Any, Self

MIB = 2**20
Body = Iterator[bytes]
Answer = tuple[Mapping[str, str], Body]
_JSON = {"content-type": "application/json"}
_SSE = {"content-type": "text/event-stream"}
_NOTE = b'data: {"jsonrpc":"2.0","method":"notifications/%b"}\n\n' % (b"x" * 2**16)
_TOOL = {"name": "search", "inputSchema": {"type": "object"}}


def bomb() -> Body:
    """White space as gzip without end: a MiB in each piece of a kilobyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    yield packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    yield from repeat(packer.compress(b" " * MIB) + packer.flush(zlib.Z_FULL_FLUSH))


def result(asked: Mapping[str, Any], value: Mapping[str, Any]) -> Answer:
    """A JSON-RPC result."""
    content = {"jsonrpc": "2.0", "id": asked["id"], "result": value}
    return _JSON, iter([json.dumps(content).encode()])


def nested(asked: Mapping[str, Any], schema: bytes) -> Answer:
    """A list of one tool whose input schema is this text."""
    head = f'{{"jsonrpc":"2.0","id":{asked["id"]},"result":{{"tools":[{{"name":"search",'
    return _JSON, iter([head.encode() + b'"inputSchema":{"properties":', schema, b"}}]}}"])


def pages(asked: Mapping[str, Any], cursor: str, tools: int = 1) -> Answer:
    """A page that leads to another."""
    named = [{**_TOOL, "name": f"tool-{number}"} for number in range(tools)]
    return result(asked, {"tools": named, "nextCursor": cursor})


_numbers = count()
LISTS: Mapping[str, Callable[[Mapping[str, Any]], Answer]] = {
    "well": lambda asked: result(asked, {"tools": [_TOOL]}),
    "bomb": lambda _: ({**_JSON, "content-encoding": "gzip"}, bomb()),
    "layered": lambda _: ({**_JSON, "content-encoding": "gzip, gzip"}, bomb()),
    "body": lambda _: (_JSON, repeat(b" " * MIB)),
    "events": lambda _: (_SSE, repeat(_NOTE)),
    "event": lambda _: (_SSE, repeat(b"data: " + b"x" * MIB)),
    "pages": lambda asked: pages(asked, f"page-{next(_numbers)}", tools=10),
    "circle": lambda asked: pages(asked, "again"),
    "tools": lambda asked: pages(asked, f"page-{next(_numbers)}", tools=2_000),
    "values": lambda asked: nested(asked, b"[" + b"{}," * 1_200_000 + b"{}]"),
    "depth": lambda asked: nested(asked, b"[" * 100_000 + b"]" * 100_000),
}
"""What each path answers to `tools/list`."""


class EndlessServer:
    """The server as a context manager; `url` and one of LISTS is the address of one."""

    def __enter__(self) -> Self:
        class Handler(_Handler):
            pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self) -> None:
        """Shake hands as any server does, and list tools as the path says."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/legacy/messages":
            self._end(202)
            return
        match asked.get("method"):
            case "initialize":
                self._answer(result(asked, _greeting(asked["params"])))
            case "tools/list":
                self._answer(LISTS[self.path.strip("/")](asked))
            case str() if "id" not in asked:
                self._end(202)
            case _:
                self._end(404)

    def do_GET(self) -> None:
        """Legacy SSE, at its own path: an endpoint, and then no end of events."""
        if self.path != "/legacy/sse":
            self._end(405)
            return
        opening = [b"event: endpoint\ndata: /legacy/messages\n\n"]
        self._answer((_SSE, chain(opening, repeat(_NOTE))))

    def _answer(self, answer: Answer) -> None:
        headers, body = answer
        self.close_connection = True
        try:
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("connection", "close")
            self.end_headers()
            for part in body:
                self.wfile.write(part)
        except OSError:
            pass  # it was given up, as it should be

    def _end(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


def _greeting(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "protocolVersion": params["protocolVersion"],
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "endless", "version": "1"},
    }
