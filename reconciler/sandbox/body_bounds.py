"""The guard before everything else that bounds bodies: how large, and how long they may take."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.sandbox.envelope import ApiError

MOST_BYTES = 4 * 2**20
"""Of one body: more than any call of the API has to say."""
SECONDS = 30.0
"""For one body, however little of it comes at a time."""


class BoundedBodies:
    """Reads a body before anybody looks at the request: 413 when it is too large, 408 when it
    takes too long.

    Args:
        app: what answers.
        seconds: for a whole body.
    """

    def __init__(self, app: ASGIApp, seconds: float = SECONDS) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on with the whole body, or refuse and close."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._seconds):
                body = await _read(Headers(scope=scope), receive)
        except TimeoutError:
            error = ApiError(408, "invalid_request_error", "The body of the request is too slow.")
            await _refuse(error, scope, receive, send)
        except ApiError as error:
            await _refuse(error, scope, receive, send)
        else:
            if body is not None:
                await self._app(scope, _replay(body, receive), send)


async def _read(headers: Headers, receive: Receive) -> bytes | None:
    """The body; None when the client is gone.

    Raises:
        ApiError: 413, it is too large, or says that it will be.
    """
    announced = headers.get("content-length", "0")
    too_large = ApiError(
        413,
        "content_too_large",
        f"Request body too large: more than {MOST_BYTES} bytes.",
    )
    if announced.isdecimal() and (len(announced) > 15 or int(announced) > MOST_BYTES):
        raise too_large
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            raise too_large
        more = message.get("more_body", False)
    return bytes(body)


async def _refuse(error: ApiError, scope: Scope, receive: Receive, send: Send) -> None:
    response = error.response()
    response.headers["Connection"] = "close"  # what is left of the body is never read
    await response(scope, receive, send)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body once, then what else comes."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
