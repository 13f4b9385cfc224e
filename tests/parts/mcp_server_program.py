"""The program behind `mcp_servers.McpServer`: one JSON line in, one out, until stdin closes."""

import asyncio
import json
import logging
import socket
import sys
from collections.abc import Mapping
from typing import Any

import uvicorn
from jwt import PyJWKClient, PyJWTError, decode
from mcp.server import MCPServer
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp_types import ToolAnnotations
from pydantic import AnyHttpUrl
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send


class Guard:
    """Lets requests through that carry the required headers, and remembers what they carried."""

    def __init__(self, app: ASGIApp, required: Mapping[str, str]) -> None:
        self._app = app
        self._required = required
        self.last: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            self.last = dict(request.headers)
            for name, value in self._required.items():
                if request.headers.get(name) != value:
                    await _refusal(name)(scope, receive, send)
                    return
        await self._app(scope, receive, send)


def _refusal(name: str) -> Response:
    if name == "Authorization":
        return PlainTextResponse("no", 401, headers={"WWW-Authenticate": "Bearer"})
    return PlainTextResponse("no", 403)


async def _reply(text: str = "") -> str:
    return text


def _offer(server: MCPServer, tools: list[dict[str, Any]]) -> None:
    for tool in tools:
        annotations = ToolAnnotations(**tool["annotations"]) if tool["annotations"] else None
        server.add_tool(
            _reply, name=tool["name"], description=tool["description"], annotations=annotations
        )


class Sloppy:
    """An ASGI application that is no proper MCP server."""

    def __init__(self, manner: str) -> None:
        self._manner = manner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        await (await self._answer(request))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        match self._manner:
            case "web-page":
                return HTMLResponse("<h1>Welcome</h1>")
            case "crashing":
                return PlainTextResponse("oops", 500)
            case "silent":
                await asyncio.Event().wait()
        if request.method != "POST":
            return PlainTextResponse("", 405)
        message = json.loads(await request.body())
        if "id" not in message:
            return Response(status_code=202)
        if self._manner == "telltale":
            told = f"refused: {dict(request.headers)}"
            error = {"code": -32000, "message": told}
            return JSONResponse({"jsonrpc": "2.0", "id": message["id"], "error": error})
        return JSONResponse({"jsonrpc": "2.0", "id": message["id"], **_malformed(message)})


def _malformed(message: dict[str, Any]) -> dict[str, Any]:
    match message["method"]:
        case "initialize":
            info = {"name": "sloppy", "version": "0"}
            version = message["params"]["protocolVersion"]
            return {"result": {"protocolVersion": version, "capabilities": {}, "serverInfo": info}}
        case "tools/list":
            return {"result": {"tools": [{"title": "a tool without a name"}]}}
        case _:
            return {"error": {"code": -32601, "message": "Method not found"}}


def _app(server: MCPServer, config: Mapping[str, Any]) -> ASGIApp:
    if config["sloppy"]:
        return Sloppy(config["sloppy"])
    if config["ssePath"]:
        return server.sse_app(sse_path=config["ssePath"])
    return server.streamable_http_app()


class Web(uvicorn.Server):
    """Uvicorn that says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()


class JwtVerifier:
    """Takes the access tokens that an authorization server made for this very server."""

    def __init__(self, issuer: str, resource: str) -> None:
        self._keys = PyJWKClient(f"{issuer}/jwks")
        self._issuer = issuer
        self._resource = resource

    async def verify_token(self, token: str) -> AccessToken | None:
        try:
            key = await asyncio.to_thread(self._keys.get_signing_key_from_jwt, token)
            claims = decode(
                token, key, algorithms=["RS256"], audience=self._resource, issuer=self._issuer
            )
        except PyJWTError:
            return None
        return AccessToken(
            token=token,
            client_id=claims["client_id"],
            scopes=str(claims.get("scope", "")).split(),
            expires_at=claims["exp"],
            resource=self._resource,
        )


def _server(config: Mapping[str, Any], port: int) -> MCPServer:
    about = {"version": config["version"], "description": config["description"]}
    issuer = config["issuer"]
    if issuer is None:
        return MCPServer(config["name"], **about)
    resource = f"http://127.0.0.1:{port}{config['ssePath'] or '/mcp'}"
    return MCPServer(
        config["name"],
        **about,
        token_verifier=JwtVerifier(issuer, resource),
        auth=AuthSettings(
            issuer_url=AnyHttpUrl(issuer),
            resource_server_url=AnyHttpUrl(resource),
            required_scopes=config["scopes"],
            validate_token_resource=True,
        ),
    )


async def main() -> None:
    """Serve, and obey stdin."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    config = json.loads(await reader.readline())
    # Named TCP, for asyncio to switch Nagle off.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", config["port"]))
    port = listener.getsockname()[1]
    server = _server(config, port)
    offered: list[dict[str, Any]] = config["tools"]
    _offer(server, offered)
    guard = Guard(_app(server, config), config["required"])
    web = Web(
        uvicorn.Config(
            guard,
            log_config=None,
            timeout_graceful_shutdown=1,
            lifespan="off" if config["sloppy"] else "on",
        )
    )
    serving = asyncio.create_task(web.serve(sockets=[listener]))
    await web.is_up.wait()
    path = config["ssePath"] or "/mcp"
    _say({"url": f"http://127.0.0.1:{port}{path}", "port": port})
    while line := await reader.readline():
        command = json.loads(line)
        if "tools" in command:
            for tool in offered:
                server.remove_tool(tool["name"])
            offered = command["tools"]
            _offer(server, offered)
        _say({"headers": guard.last})
    web.should_exit = True
    await serving


def _say(answer: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    logging.disable()
    asyncio.run(main())
