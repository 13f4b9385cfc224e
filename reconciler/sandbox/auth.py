"""The chain from an Authorization header to a caller: session, workspace, membership.

Dust API: private routes know user tokens only and treat an `sk-` key as no session; public (v1)
routes know both.
"""

import re

from starlette.requests import Request

from reconciler.sandbox.call import Call, Sandbox
from reconciler.sandbox.envelope import ApiError
from reconciler.sandbox.login_tokens import signed_in_email, signed_in_user
from reconciler.sandbox.records import Role, User, Workspace

_BEARER = re.compile(r"^Bearer\s+([A-Za-z0-9\-._~+/]+=*)$", re.IGNORECASE)
_USER = "SELECT user.* FROM user WHERE id = ?"


def private_call(sandbox: Sandbox, request: Request) -> Call:
    """The caller of `/api/w/{wId}/…`.

    Raises:
        ApiError: 401 no session, 404 no such workspace, 403 plan without product, 401 no member.
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
    """The person of a private session; None when the header holds none.

    Raises:
        ApiError: 401, the token is expired or its person unknown.
    """
    match = _BEARER.match(request.headers.get("authorization", ""))
    if match is None or match.group(1).startswith("sk-"):
        return None
    return _token_user(sandbox, match.group(1))


def actor_label(sandbox: Sandbox, request: Request) -> str | None:
    """Who made a request, for the log; never part of a credential."""
    match = _BEARER.match(request.headers.get("authorization", ""))
    if match is None:
        return None
    token = match.group(1)
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
