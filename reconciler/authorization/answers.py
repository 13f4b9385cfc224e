"""Reads answers of authorization servers: JSON objects, of a bounded size."""

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx2

SIZE_LIMIT = 256 * 1024  # bytes


class BadAnswer(Exception):
    """An answer that is too long, or no JSON object; the message says which."""


async def read_bounded(response: "httpx2.Response") -> bytes:
    """The body of a streamed answer.

    Raises:
        BadAnswer: it is longer than SIZE_LIMIT; what came until then is dropped.
    """
    raw = b""
    async for part in response.aiter_bytes():
        raw += part
        if len(raw) > SIZE_LIMIT:
            raise BadAnswer("answers too much")
    return raw


def bounded(inner: "httpx2.AsyncBaseTransport") -> "httpx2.AsyncBaseTransport":
    """Sends through `inner`; raises BadAnswer for answers that are too long or compressed.

    For clients of libraries that read the whole answer themselves. Closing it leaves `inner` open.
    """
    import httpx2

    class Bounded(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            request.headers["Accept-Encoding"] = "identity"
            response = await inner.handle_async_request(request)
            try:
                if response.headers.get("Content-Encoding", "identity") != "identity":
                    raise BadAnswer("answers compressed, which wasn't asked for")
                raw = await read_bounded(response)
            finally:
                await response.aclose()
            headers = [
                (name, value)
                for name, value in response.headers.multi_items()
                if name.lower() != "transfer-encoding"
            ]
            return httpx2.Response(response.status_code, headers=headers, content=raw)

    return Bounded()


def json_object(raw: bytes) -> dict[str, Any]:
    """The JSON object in a body.

    Raises:
        BadAnswer: there is none.
    """
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadAnswer("answers no JSON object") from None
    if not isinstance(found, dict):
        raise BadAnswer("answers no JSON object")
    return found
