"""The sandbox's stand-in for Dust's web login, and the pages that OAuth comes back to.

A person signs in with their token, once, and gets a session cookie of the same name as Dust's. The
callback pages do what those of Dust do: finalize with the browser's session, then tell the page
that opened them.
"""

import re
import secrets
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from reconciler.sandbox.auth import (
    SESSION_COOKIE,
    SESSION_SECONDS,
    is_foreign_page,
    open_session,
    user_of_token,
)
from reconciler.sandbox.call import Body, Sandbox, parse
from reconciler.sandbox.envelope import ApiError, answer, bad_request
from reconciler.sandbox.oauth import PROVIDERS


class _Token(Body):
    token: str


def routes(sandbox: Sandbox) -> list[Route]:
    """`/login` and the callback pages."""

    async def login(request: Request) -> Response:
        try:
            return _page("login") if request.method == "GET" else await _sign_in(sandbox, request)
        except ApiError as error:
            return error.response()

    async def callback(request: Request) -> Response:
        provider = request.path_params["provider"]
        if provider not in PROVIDERS:
            return ApiError(404, "not_found", "The requested path was not found.").response()
        return _page(provider)

    return [
        Route("/login", login, methods=["GET", "POST"]),
        Route("/oauth/{provider}/finalize", callback, methods=["GET"]),
    ]


async def _sign_in(sandbox: Sandbox, request: Request) -> Response:
    """POST /login `{token}`: 200 with the session cookie, 401 when nobody has the token."""
    if is_foreign_page(request):
        raise ApiError(403, "invalid_request_error", "Sign in on the sandbox's own page.")
    try:
        raw = await request.json()
    except (ValueError, RecursionError) as error:
        raise bad_request("Malformed JSON in request body") from error
    user = user_of_token(sandbox, parse(_Token, raw).token.strip())
    if user is None:
        raise ApiError(401, "not_authenticated", "Nobody has this token.")
    response = answer({"user": {"sId": user.sid, "email": user.email}})
    response.set_cookie(
        SESSION_COOKIE,
        open_session(sandbox.store, user),
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="lax",
    )
    return response


@cache
def _template() -> str:
    return files("reconciler.sandbox").joinpath("signin.html").read_text(encoding="utf-8")


def _page(purpose: str) -> Response:
    """The page; `purpose` is `login` or a provider that calls back."""
    nonce = secrets.token_urlsafe(16)
    parts = {"nonce": nonce, "purpose": purpose}
    html = re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match.group(1)], _template())
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}';"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",  # the address of a callback holds a code
        "Cache-Control": "no-store",
    }
    return HTMLResponse(html, headers=headers)
