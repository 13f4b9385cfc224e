"""Real MCP servers on loopback, each in a process of its own.

`McpServer` is built with the mcp SDK and speaks streamable HTTP; it can ask for a bearer token or
for any header, and its tools can be changed while it runs. With `sloppy`, it misbehaves instead.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

ROOT = Path(__file__).parents[2]

Sloppy = Literal["web-page", "bad-tools", "silent", "crashing", "telltale"]


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool to offer; annotations are those of MCP, in snake case (`read_only_hint`)."""

    name: str
    description: str = ""
    annotations: Mapping[str, Any] = field(default_factory=dict)


class McpServer:
    """An MCP server as a context manager; `url` says where it is.

    Args:
        name: what it calls itself.
        tools: names or whole tools.
        version: its version.
        description: its description.
        bearer: the token it asks for; 401 without.
        header: a header name and value it asks for; 403 without.
        port: 0 takes any free port; a given one lets a server come back where it was.
        sse_path: speak SSE, the transport of old, at this path instead of streamable HTTP.
        issuer: an authorization server, whose tokens for this server it asks for, as a resource
            server made with the SDK does.
        scopes: what such a token must be good for.
        sloppy: misbehave: answer a web page, list malformed tools, accept and never answer, answer
            500, or refuse with the credentials repeated in the message.
    """

    url: str
    port: int

    def __init__(
        self,
        name: str = "demo",
        tools: Sequence[str | Tool] = ("search", "delete_all"),
        *,
        version: str = "1.2.3",
        description: str | None = "A demo",
        bearer: str | None = None,
        header: tuple[str, str] | None = None,
        port: int = 0,
        sse_path: str | None = None,
        issuer: str | None = None,
        scopes: Sequence[str] = (),
        sloppy: Sloppy | None = None,
    ) -> None:
        required = dict([header]) if header else {}
        if bearer is not None:
            required["Authorization"] = f"Bearer {bearer}"
        self._config = {
            "name": name,
            "tools": _tools_json(tools),
            "version": version,
            "description": description,
            "required": required,
            "port": port,
            "ssePath": sse_path,
            "issuer": issuer,
            "scopes": list(scopes),
            "sloppy": sloppy,
        }
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Begin to answer; after `stop` once more, where a port was given."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.parts.mcp_server_program"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            facts = self._ask(self._config)
        except BaseException:
            self.stop()
            raise
        self.url, self.port = facts["url"], facts["port"]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process; what connects afterwards is refused."""
        process, self._process = self._process, None
        if process is not None:
            process.communicate(timeout=30)

    def set_tools(self, tools: Sequence[str | Tool]) -> None:
        """Offer these tools from now on."""
        self._ask({"tools": _tools_json(tools)})

    def last_headers(self) -> dict[str, str]:
        """The headers of the last request it got, names in lower case."""
        headers: dict[str, str] = self._ask({})["headers"]
        return headers

    def _ask(self, command: Mapping[str, Any]) -> dict[str, Any]:
        process = self._process
        assert process is not None, "the server is not running"
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(command) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, "the MCP server's process ended"
        answer: dict[str, Any] = json.loads(line)
        return answer


def _tools_json(tools: Sequence[str | Tool]) -> list[dict[str, Any]]:
    whole = (Tool(name=tool) if isinstance(tool, str) else tool for tool in tools)
    return [asdict(tool) for tool in whole]
