"""The chain from an Authorization header to a caller: session, workspace, membership.

Dust API: private routes know user tokens only and treat an `sk-` key as no session; public (v1)
routes know both.
"""

import hashlib
import re
import secrets

from starlette.requests import Request

from reconciler.sandbox.call import Call, Sandbox
from reconciler.sandbox.envelope import ApiError
from reconciler.sandbox.login_tokens import signed_in_email, signed_in_user
from reconciler.sandbox.records import Role, User, Workspace
from reconciler.sandbox.store import Store

_BEARER = re.compile(r"^Bearer\s+([A-Za-z0-9\-._~+/]+=*)$", re.IGNORECASE)
_USER = "SELECT user.* FROM user WHERE id = ?"
SESSION_COOKIE = "workos_session"
SESSION_SECONDS = 12 * 3600


def private_call(sandbox: Sandbox, request: Request) -> Call:
    """The caller of `/api/w/{wId}/…`.

    Raises:
        ApiError: 401 no session, 404 no such workspace, 403 plan without product, 401 no member,
            401 a session cookie where single sign-on is enforced.
    """
    user = session_user(sandbox, request)
    if user is None:
        raise ApiError(
            401,
            "not_authenticated",
            "The user does not have an active session or is not authenticated.",
        )
    workspace = _workspace(sandbox, request)
    role = _role(sandbox, workspace, user)
    if role is None:
        raise ApiError(
            401, "workspace_auth_error", "Only users of the workspace can access this route."
        )
    if workspace.sso_enforced and _bearer(request) is None:
        raise ApiError(401, "sso_enforced", "Access requires Single Sign-On authentication.")
    return Call(sandbox=sandbox, request=request, workspace=workspace, user=user, role=role)


def public_call(sandbox: Sandbox, request: Request) -> Call:
    """The caller of `/api/v1/w/{wId}/…`: a user token or an API key of the workspace.

    Raises:
        ApiError: 401 without usable credentials, 404 no such workspace.
    """
    token = _public_token(request)
    if not token.startswith("sk-"):
        user = _token_user(sandbox, token)
        if user is None:
            raise _malformed()
        workspace = _workspace(sandbox, request)
        role = _role(sandbox, workspace, user)
        if role is None:
            raise ApiError(
                401, "workspace_auth_error", "Only users of the workspace can access this route."
            )
        return Call(sandbox=sandbox, request=request, workspace=workspace, user=user, role=role)
    found = sandbox.store.values("SELECT workspace_id, role FROM api_key WHERE value = ?", token)
    if not found:
        raise ApiError(401, "invalid_api_key_error", "The API key provided is invalid or disabled.")
    workspace = _workspace(sandbox, request)
    workspace_id, role_name = found[0]
    if workspace_id != workspace.id:
        raise _no_workspace()
    return Call(
        sandbox=sandbox, request=request, workspace=workspace, user=None, role=Role(role_name)
    )


def public_user(sandbox: Sandbox, request: Request) -> User:
    """The person behind `/api/v1/me`.

    Raises:
        ApiError: 401, there is none; an API key is nobody.
    """
    token = _public_token(request)
    user = None if token.startswith("sk-") else _token_user(sandbox, token)
    if user is None:
        raise _malformed()
    return user


def session_user(sandbox: Sandbox, request: Request) -> User | None:
    """The person of a private session: the bearer's, else the cookie's; None without either.

    Raises:
        ApiError: 401, the token is expired or its person unknown.
    """
    token = _bearer(request)
    if token is None:
        return _cookie_user(sandbox, request)
    return None if token.startswith("sk-") else _token_user(sandbox, token)


def _bearer(request: Request) -> str | None:
    match = _BEARER.match(request.headers.get("authorization", ""))
    return None if match is None else match.group(1)


def user_of_token(sandbox: Sandbox, token: str) -> User | None:
    """Whose user token this is.

    Raises:
        ApiError: 401, it is expired or its person unknown.
    """
    return _token_user(sandbox, token)


def open_session(store: Store, user: User) -> str:
    """Begin a browser session; the cookie's value, of which only a digest is kept."""
    value = secrets.token_urlsafe(32)
    store.write("DELETE FROM web_session WHERE expires_at < ?", store.now())
    store.insert(
        "web_session",
        digest=_digest(value),
        user_id=user.id,
        expires_at=store.now() + SESSION_SECONDS * 1000,
    )
    return value


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _cookie_user(sandbox: Sandbox, request: Request) -> User | None:
    value = request.cookies.get(SESSION_COOKIE)
    if value is None or is_foreign_page(request):
        return None
    return sandbox.store.row(
        User,
        "SELECT user.* FROM user JOIN web_session ON user_id = user.id"
        " WHERE digest = ? AND expires_at >= ?",
        _digest(value),
        sandbox.store.now(),
    )


def is_foreign_page(request: Request) -> bool:
    """Whether a page of another origin makes a browser send this.

    Cookies don't tell ports apart, so every other server on loopback counts as the same site.
    """
    return request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


def actor_label(sandbox: Sandbox, request: Request) -> str | None:
    """Who made a request, for the log; never part of a credential."""
    token = _bearer(request)
    if token is None:
        user = _cookie_user(sandbox, request)
        return None if user is None else user.email
    name = sandbox.store.text("SELECT name FROM api_key WHERE value = ?", token)
    if name is not None:
        return f"key {name}"
    seeded = sandbox.store.text(
        "SELECT user.email FROM token JOIN user ON user.id = user_id WHERE value = ?", token
    )
    return seeded or signed_in_email(sandbox.store, token)


def _public_token(request: Request) -> str:
    header = request.headers.get("authorization")
    if header is None:
        raise ApiError(401, "missing_authorization_header_error", "Missing Authorization header")
    match = _BEARER.match(header)
    if match is None:
        raise _malformed()
    return match.group(1)


def _malformed() -> ApiError:
    return ApiError(401, "malformed_authorization_header_error", "Malformed Authorization header")


def _token_user(sandbox: Sandbox, token: str) -> User | None:
    found = sandbox.store.values("SELECT user_id, expired FROM token WHERE value = ?", token)
    if not found:
        return signed_in_user(sandbox.store, token)
    user_id, expired = found[0]
    if expired:
        raise ApiError(401, "expired_oauth_token_error", "The access token expired.")
    user = None if user_id is None else sandbox.store.row(User, _USER, user_id)
    if user is None:
        raise ApiError(401, "user_not_found", "The user is not registered.")
    return user


def _workspace(sandbox: Sandbox, request: Request) -> Workspace:
    workspace = sandbox.store.row(
        Workspace, "SELECT * FROM workspace WHERE sid = ?", request.path_params["w_id"]
    )
    if workspace is None:
        raise _no_workspace()
    if not workspace.can_use_product:
        raise ApiError(
            403,
            "workspace_can_use_product_required_error",
            "Your current plan does not allow API access. Please upgrade your plan.",
        )
    return workspace


def _no_workspace() -> ApiError:
    return ApiError(404, "workspace_not_found", "The workspace was not found.")


def _role(sandbox: Sandbox, workspace: Workspace, user: User) -> Role | None:
    role = sandbox.store.text(
        "SELECT role FROM membership WHERE workspace_id = ? AND user_id = ?",
        workspace.id,
        user.id,
    )
    return None if role is None else Role(role)
