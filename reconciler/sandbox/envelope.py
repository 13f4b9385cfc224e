"""The error envelope: one exception that carries a status, a type and a message."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

NO_STORE = {"Cache-Control": "private, no-store"}


class ApiError(Exception):
    """An answer other than success, in Dust's envelope.

    Args:
        status: HTTP status.
        kind: `error.type`; clients should match on the status instead, since types vary.
        message: `error.message`; never contains a value the caller sent as a secret.
        beside: keys next to `error` in the body.
    """

    def __init__(
        self, status: int, kind: str, message: str, *, beside: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.beside = dict(beside or {})

    def response(self) -> Response:
        """The answer on the wire."""
        body = {"error": {"type": self.kind, "message": self.message}, **self.beside}
        return answer(body, self.status)


class Utf8Response(JSONResponse):
    """JSON as Dust writes it: compact, characters unescaped."""

    def render(self, content: object) -> bytes:
        """Encode the content."""
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def answer(content: Mapping[str, Any], status: int = 200) -> Response:
    """A JSON answer with the cache header that every route carries."""
    return Utf8Response(dict(content), status_code=status, headers=NO_STORE)


def bad_request(message: str) -> ApiError:
    """400 `invalid_request_error`."""
    return ApiError(400, "invalid_request_error", message)


def not_admin(status: int, message: str, kind: str = "workspace_auth_error") -> ApiError:
    """The many faces of "not an admin": 401 or 403, by route."""
    return ApiError(status, kind, message)


def unhandled(message: str) -> ApiError:
    """500, what Dust answers when a handler throws."""
    return ApiError(500, "internal_server_error", f"Unhandled internal server error: {message}")


def validation_message(error: ValidationError) -> str:
    """Say where a body is wrong, without repeating what it holds."""
    parts = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        where = ".".join(str(step) for step in problem["loc"])
        parts.append(f"{problem['msg']} at '{where}'" if where else problem["msg"])
    return "Validation error: " + "; ".join(parts)
