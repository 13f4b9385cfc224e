"""Device login (RFC 8628) as Dust's identity provider offers it, and the page that approves it.

Dust API: `POST /user_management/authorize/device` gives the codes, `POST
/user_management/authenticate` the tokens, for the device code and for a refresh token. Any of the
sandbox's people may be picked on the page: nobody here has a password.
"""

import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from reconciler.sandbox.call import Sandbox
from reconciler.sandbox.envelope import answer
from reconciler.sandbox.login_page import PAGE_HEADERS, approval_page, notice_page
from reconciler.sandbox.login_tokens import (
    Session,
    begin_session,
    digest,
    expire_all,
    session_of_refresh,
    token_pair,
)
from reconciler.sandbox.records import Record, User
from reconciler.sandbox.store import Store

CLIENT_ID = "client_sandbox"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
PAGE = "/login/device"
_SLOWER = 5  # RFC 8628 section 3.5: what slow_down adds to the interval
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # RFC 8628 section 6.1: no vowels, no look-alikes
_EARLY = 0.5  # seconds by which a poll may come early, for clocks and networks


@dataclass(frozen=True, slots=True, kw_only=True)
class Device(Record):
    """A login that was asked for: `pending`, `approved`, `denied` or `spent`."""

    digest: str
    user_code: str
    client_id: str
    status: str
    user_id: int | None
    expires_at: int
    wait: int
    polled_at: int

    @property
    def expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at <= _now()


def _now() -> int:
    return time.time_ns() // 1_000_000


def _refused(error: str, why: str, status: int = 400) -> Response:
    return answer({"error": error, "error_description": why}, status)


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace")))


async def authorize_device(sandbox: Sandbox, request: Request) -> Response:
    """POST /user_management/authorize/device: a device code, and a user code to type."""
    client_id = (await _form(request)).get("client_id", "")
    if client_id != CLIENT_ID:
        return _refused("invalid_client", f"The sandbox's client id is {CLIENT_ID}.")
    settings = sandbox.settings
    device_code = secrets.token_urlsafe(32)
    letters = [secrets.choice(_LETTERS) for _ in range(8)]
    user_code = "".join(letters[:4]) + "-" + "".join(letters[4:])
    sandbox.store.insert(
        "login_device",
        digest=digest(device_code),
        user_code=user_code,
        client_id=client_id,
        status="pending",
        expires_at=_now() + settings.login_seconds * 1000,
        wait=settings.login_interval,
        polled_at=0,
    )
    page = f"{_origin(request)}{PAGE}"
    return answer(
        {
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={user_code}",
            "expires_in": settings.login_seconds,
            "interval": settings.login_interval,
        }
    )


async def authenticate(sandbox: Sandbox, request: Request) -> Response:
    """POST /user_management/authenticate: tokens for a device code or a refresh token."""
    form = await _form(request)
    store, client_id = sandbox.store, form.get("client_id", "")
    if client_id != CLIENT_ID:
        return _refused("invalid_client", f"The sandbox's client id is {CLIENT_ID}.")
    match form.get("grant_type"):
        case grant if grant == DEVICE_GRANT:
            outcome = _poll(store, form.get("device_code", ""), client_id)
        case "refresh_token":
            found = session_of_refresh(store, form.get("refresh_token", ""), client_id)
            outcome = found or _refused("invalid_grant", "The refresh token is not valid.")
        case _:
            outcome = _refused("unsupported_grant_type", "The grant type is not supported.")
    if isinstance(outcome, Response):
        return outcome
    user = store.row(User, "SELECT * FROM user WHERE id = ?", outcome.user_id)
    if user is None:
        return _refused("invalid_grant", "The person is gone.")
    issuer = f"{_origin(request)}/user_management/{client_id}"
    pair = token_pair(store, outcome, issuer=issuer, seconds=sandbox.settings.token_seconds)
    return answer({"user": {"object": "user", "id": user.sid, "email": user.email}, **pair})


def _poll(store: Store, device_code: str, client_id: str) -> Session | Response:
    device = store.row(Device, "SELECT * FROM login_device WHERE digest = ?", digest(device_code))
    if device is None or device.client_id != client_id or device.status == "spent":
        return _refused("invalid_grant", "The device code is not valid.")
    if device.status == "denied":
        return _refused("access_denied", "The person denied the request.")
    if device.expired:
        return _refused("expired_token", "The device code has expired.")
    if device.status == "approved" and device.user_id is not None:
        _set(store, device, status="spent")
        return begin_session(store, device.user_id, client_id)
    early = _now() - device.polled_at < (device.wait - _EARLY) * 1000
    if early:
        _set(store, device, wait=device.wait + _SLOWER, polled_at=_now())
        return _refused("slow_down", "Polling too fast.")
    _set(store, device, polled_at=_now())
    return _refused("authorization_pending", "Nobody has approved it yet.")


def _set(store: Store, device: Device, **columns: str | int) -> None:
    for name, value in columns.items():
        store.write(
            " ".join(("UPDATE login_device SET", name, "= ? WHERE digest = ?")),
            value,
            device.digest,
        )


def _by_user_code(store: Store, user_code: str) -> Device | None:
    device = store.row(
        Device, "SELECT * FROM login_device WHERE user_code = ?", user_code.strip().upper()
    )
    return device if device and device.status == "pending" and not device.expired else None


async def show_page(sandbox: Sandbox, request: Request) -> Response:
    """GET /login/device: who signs in, and whether at all."""
    people = sandbox.store.values("SELECT email, full_name FROM user ORDER BY id")
    page = approval_page(request.query_params.get("user_code", ""), people)
    return HTMLResponse(page, headers=PAGE_HEADERS)


async def decide(sandbox: Sandbox, request: Request) -> Response:
    """POST /login/device: form `user_code`, `email`, `decision` (approve or deny)."""
    if _foreign(request):
        return HTMLResponse(notice_page("Refused: another site sent this."), 403, PAGE_HEADERS)
    form = await _form(request)
    device = _by_user_code(sandbox.store, form.get("user_code", ""))
    if device is None:
        text = "This code isn't waiting for anybody: mistyped, used, or expired."
        return HTMLResponse(notice_page(text), 404, PAGE_HEADERS)
    if form.get("decision") != "approve":
        _set(sandbox.store, device, status="denied")
        return HTMLResponse(notice_page("Denied. You can close this page."), 200, PAGE_HEADERS)
    user_id = sandbox.store.number("SELECT id FROM user WHERE email = ?", form.get("email", ""))
    if user_id is None:
        return HTMLResponse(notice_page("There is no such person."), 400, PAGE_HEADERS)
    _set(sandbox.store, device, user_id=user_id, status="approved")
    return HTMLResponse(notice_page("Signed in. You can close this page."), 200, PAGE_HEADERS)


async def expire_tokens(sandbox: Sandbox, request: Request) -> Response:
    """POST /_sandbox/login/expire: every access token given so far expires now, to rehearse it."""
    if _foreign(request):
        return _refused("forbidden", "Another site sent this.", 403)
    return answer({"expired": expire_all(sandbox.store)})


def _foreign(request: Request) -> bool:
    """Whether a page of another site makes the browser send this."""
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


ROUTES: tuple[tuple[str, str, Callable[[Sandbox, Request], Awaitable[Response]]], ...] = (
    ("POST", "/user_management/authorize/device", authorize_device),
    ("POST", "/user_management/authenticate", authenticate),
    ("GET", PAGE, show_page),
    ("POST", PAGE, decide),
    ("POST", "/_sandbox/login/expire", expire_tokens),
)
