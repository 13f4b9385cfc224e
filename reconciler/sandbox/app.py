"""The ASGI application: which route is answered by what, and what surrounds every answer."""

import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from reconciler.sandbox import (
    connections,
    creation,
    device_login,
    discovering,
    finalizing,
    members,
    oauth,
    page,
    people,
    server_lists,
    servers,
    signin,
    space_creation,
    spaces,
    tools,
    view_lists,
    views,
)
from reconciler.sandbox.auth import private_call, public_call, public_user
from reconciler.sandbox.body_bounds import BoundedBodies
from reconciler.sandbox.call import Call, Handler, Sandbox
from reconciler.sandbox.envelope import ApiError, answer, unhandled
from reconciler.sandbox.journal import record
from reconciler.sandbox.login_tokens import prepare

log = logging.getLogger(__name__)
Answering = Callable[[Sandbox, Request], Awaitable[Response]]

_W = "/api/w/{w_id}"
_V1 = "/api/v1/w/{w_id}"

PRIVATE: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/spaces", spaces.list_spaces),
    ("POST", "/spaces", space_creation.create_space),
    ("GET", "/spaces/check-name", spaces.check_name),
    ("GET", "/spaces/{s_id}", spaces.get_space),
    ("PATCH", "/spaces/{s_id}", spaces.patch_space),
    ("DELETE", "/spaces/{s_id}", spaces.delete_space),
    ("PATCH", "/spaces/{s_id}/members", members.patch_space_members),
    ("POST", "/spaces/{s_id}/members", members.add_space_members),
    ("GET", "/spaces/{s_id}/mcp_views", view_lists.list_space_views),
    ("POST", "/spaces/{s_id}/mcp_views", views.create_space_view),
    ("GET", "/spaces/{s_id}/mcp_views/not_activated", view_lists.list_not_activated),
    ("DELETE", "/spaces/{s_id}/mcp_views/{view_id}", views.delete_space_view),
    ("GET", "/spaces/{s_id}/mcp", view_lists.list_space_servers),
    ("GET", "/spaces/{s_id}/mcp/available", view_lists.list_space_available),
    ("GET", "/groups", people.list_groups),
    ("POST", "/groups", people.create_group),
    ("GET", "/members", people.list_members),
    ("GET", "/members/search", people.search_members),
    ("GET", "/mcp", server_lists.list_servers),
    ("POST", "/mcp", creation.create_server),
    ("GET", "/mcp/available", server_lists.available_servers),
    ("GET", "/mcp/usage", server_lists.usage),
    ("GET", "/mcp/views", view_lists.list_views),
    ("GET", "/mcp/views/{view_id}", views.get_view),
    ("PATCH", "/mcp/views/{view_id}", views.patch_view),
    ("POST", "/mcp/discover_oauth_metadata", discovering.discover),
    ("GET", "/mcp/connections/{kind}", connections.list_connections),
    ("POST", "/mcp/connections/{kind}", connections.create_connection),
    ("GET", "/mcp/connections/{kind}/{connection_id}", connections.get_connection),
    ("DELETE", "/mcp/connections/{kind}/{connection_id}", connections.delete_connection),
    ("GET", "/mcp/{server_id}", servers.get_server),
    ("PATCH", "/mcp/{server_id}", servers.patch_server),
    ("DELETE", "/mcp/{server_id}", servers.delete_server),
    ("POST", "/mcp/{server_id}/sync", servers.sync_server),
    ("PATCH", "/mcp/{server_id}/tools", tools.patch_tools),
    ("PATCH", "/mcp/{server_id}/tools/{tool:path}", tools.patch_tool),
    ("GET", "/oauth/{provider}/setup", oauth.setup),
    ("GET", "/oauth/{provider}/redirect_uri", oauth.get_redirect_uri),
)
PUBLIC: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/spaces", spaces.public_list_spaces),
    ("GET", "/spaces/{s_id}/mcp_server_views", view_lists.public_space_views),
)


def build_app(sandbox: Sandbox) -> Starlette:
    """The application over one database; closing it closes the prober."""
    prepare(sandbox.store)
    routes = [
        *_routes(sandbox, _W, PRIVATE, private_call),
        *_routes(sandbox, _V1, PUBLIC, public_call),
        *_merged(sandbox, [("GET", "/api/v1/me", _me)]),
        *_merged(sandbox, [("GET", "/api/oauth/{provider}/finalize", finalizing.finalize)]),
        *_merged(sandbox, list(device_login.ROUTES)),
        *page.routes(sandbox),
        *signin.routes(sandbox),
    ]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await sandbox.prober.aclose()

    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={404: _not_found, HTTPException: _not_found},
    )
    app.router.redirect_slashes = False
    app.add_middleware(page.LoopbackOnly)
    app.add_middleware(BoundedBodies)  # the last one added comes first
    return app


def _routes(
    sandbox: Sandbox,
    prefix: str,
    table: tuple[tuple[str, str, Handler], ...],
    gate: Callable[[Sandbox, Request], Call],
) -> list[Route]:
    def guarded(handler: Handler) -> Answering:
        async def answering(sandbox: Sandbox, request: Request) -> Response:
            return await handler(gate(sandbox, request))

        return answering

    return _merged(sandbox, [(verb, prefix + path, guarded(call)) for verb, path, call in table])


def _merged(sandbox: Sandbox, table: list[tuple[str, str, Answering]]) -> list[Route]:
    """One route a path, in the order of the table, dispatching on the method."""
    by_path: dict[str, dict[str, Answering]] = {}
    for method, path, handler in table:
        by_path.setdefault(path, {})[method] = handler
    return [
        Route(path, _Endpoint(sandbox, handlers), methods=None)
        for path, handlers in by_path.items()
    ]


class _Endpoint:
    """An ASGI endpoint that answers, turns failures into envelopes, and logs the call."""

    def __init__(self, sandbox: Sandbox, handlers: dict[str, Answering]) -> None:
        self._sandbox = sandbox
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        started = time.perf_counter()
        response = await self._answer(request)
        record(
            self._sandbox,
            request,
            status=response.status_code,
            milliseconds=(time.perf_counter() - started) * 1000,
            body=await request.body(),
        )
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        handler = self._handlers.get(request.method)
        if handler is None:
            expected = ", ".join(self._handlers)
            return ApiError(
                405,
                "method_not_supported_error",
                f"The method passed is not supported, {expected} is expected.",
            ).response()
        try:
            return await handler(self._sandbox, request)
        except ApiError as error:
            return error.response()
        except sqlite3.IntegrityError as error:
            return unhandled(str(error)).response()
        except Exception as error:
            log.exception("%s %s failed", request.method, request.url.path)
            return unhandled(str(error)).response()


async def _me(sandbox: Sandbox, request: Request) -> Response:
    """GET /api/v1/me: who the token is, and in which workspaces with which role."""
    user = public_user(sandbox, request)
    found = sandbox.store.values(
        "SELECT workspace.sid, name, role, sso_enforced FROM membership JOIN workspace"
        " ON workspace.id = workspace_id WHERE user_id = ? ORDER BY workspace.id",
        user.id,
    )
    first, _, last = user.full_name.partition(" ")
    return answer(
        {
            "user": {
                "sId": user.sid,
                "id": user.id,
                "createdAt": user.created_at,
                "username": user.email.partition("@")[0],
                "email": user.email,
                "firstName": first,
                "lastName": last or None,
                "fullName": user.full_name,
                "image": None,
                "workspaces": [
                    {"sId": sid, "name": name, "role": role, "ssoEnforced": bool(sso)}
                    for sid, name, role, sso in found
                ],
            }
        }
    )


async def _not_found(_: Request, __: Exception) -> Response:
    return ApiError(404, "not_found", "The requested path was not found.").response()
