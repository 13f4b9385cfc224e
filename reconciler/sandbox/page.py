"""The web page and its data, and the guard that lets only loopback names in."""

import re
import secrets
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.sandbox.call import Sandbox
from reconciler.sandbox.envelope import ApiError, answer
from reconciler.sandbox.overview import latest_call, overview
from reconciler.sandbox.rendering import render_calls, render_nav, render_workspaces

_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


class LoopbackOnly:
    """Refuses requests for any other host name: a web page elsewhere must not reach us by DNS."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 421."""
        if scope["type"] == "http" and not _is_loopback(Request(scope).headers.get("host", "")):
            refusal = ApiError(
                421, "invalid_request_error", "The sandbox answers to loopback host names only."
            )
            await refusal.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_loopback(host: str) -> bool:
    name, colon, port = host.rpartition(":")
    if not colon or host.endswith("]"):
        name, port = host, ""
    return name.lower() in _LOOPBACK_NAMES and (port == "" or port.isdigit())


@cache
def _template() -> str:
    return files("reconciler.sandbox").joinpath("page.html").read_text(encoding="utf-8")


def routes(sandbox: Sandbox) -> list[Route]:
    """The page and its data."""

    async def page(_: Request) -> Response:
        data = overview(sandbox)
        nonce = secrets.token_urlsafe(16)
        parts = {
            "nonce": nonce,
            "seen": str(latest_call(sandbox)),
            "nav": render_nav(data["workspaces"]),
            "calls": render_calls(data["calls"]),
            "workspaces": render_workspaces(data["workspaces"]),
        }
        # In one pass: what a part holds is never taken for a placeholder.
        html = re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match.group(1)], _template())
        return HTMLResponse(html, headers=_page_headers(nonce))

    async def overview_json(_: Request) -> Response:
        return answer(overview(sandbox))

    async def fragments_json(request: Request) -> Response:
        latest = latest_call(sandbox)
        if request.query_params.get("seen") == str(latest):
            return answer({"seen": latest})
        data = overview(sandbox)
        return answer(
            {
                "seen": latest,
                "workspaces": render_workspaces(data["workspaces"]),
                "calls": render_calls(data["calls"]),
            }
        )

    return [
        Route("/", page),
        Route("/_sandbox/overview.json", overview_json),
        Route("/_sandbox/fragments.json", fragments_json),
    ]


def _page_headers(nonce: str) -> dict[str, str]:
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}';"
        " connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
