"""The web page, and the guard that lets only loopback names in."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.sandbox.call import Sandbox
from reconciler.sandbox.envelope import ApiError

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


def routes(sandbox: Sandbox) -> list[Route]:
    """The page and its data."""

    async def page(_: Request) -> Response:
        return PlainTextResponse(str(sandbox.settings.host))

    return [Route("/", page)]
