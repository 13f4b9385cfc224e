"""Routes of OAuth: discovery, setup, callback address, finalize. No consent is obtained here."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from reconciler.sandbox.auth import session_user
from reconciler.sandbox.call import Body, Call, Sandbox
from reconciler.sandbox.envelope import ApiError, answer, bad_request
from reconciler.sandbox.oauth_rows import add_consent, find_consent, redirect_uri
from reconciler.sandbox.probe import ProbeError
from reconciler.sandbox.records import OAuthConnection
from reconciler.sandbox.server_rows import server_by_sid
from reconciler.sandbox.servers import HeaderEntry, clean_headers
from reconciler.sandbox.urls import refuse_unsafe

PROVIDERS = ("mcp", "mcp_static")
USE_CASES = (
    "connection",
    "labs_transcripts",
    "platform_actions",
    "personal_actions",
    "bot",
    "webhooks",
)
_REQUIRED = ("client_id", "token_endpoint", "authorization_endpoint")
_OPTIONAL = ("scope", "resource", "token_endpoint_auth_method")
_AUTH_METHODS = ("none", "client_secret_basic", "client_secret_post")
COOKIE_SECONDS = 600


class _Discover(Body):
    url: str = ""
    custom_headers: list[HeaderEntry] = Field(default_factory=list)
    mcp_server_id: str = ""


async def discover(call: Call) -> Response:
    """POST /mcp/discover_oauth_metadata: URL safety, then a connection without credentials."""
    body = await call.body(_Discover)
    if not body.model_fields_set & {"url", "mcp_server_id"}:
        raise bad_request("Invalid request body: Validation error: Required at 'url'")
    url, headers = body.url, clean_headers(body.custom_headers) or {}
    if body.mcp_server_id:
        server = server_by_sid(call, body.mcp_server_id)
        if server is None or not server.is_remote:
            raise ApiError(404, "mcp_server_not_found", "MCP Server not found")
        url, headers = server.url or "", server.header_map()
    await refuse_unsafe(url, strict=call.sandbox.settings.strict_urls)
    try:
        await call.sandbox.prober.probe(url, headers)
    except ProbeError as error:
        raise ApiError(
            500,
            "internal_server_error",
            f"The server answered without credentials: {error} The sandbox doesn't do OAuth"
            " discovery or dynamic client registration; use static OAuth or a bearer token.",
        ) from error
    return answer({"oauthRequired": False})


def _provider(call: Call) -> str:
    provider = call.path("provider")
    if provider not in PROVIDERS:
        raise bad_request(
            "Invalid path parameters: Validation error: Invalid enum value at 'provider'"
        )
    return provider


def _use_case(call: Call) -> str:
    use_case = call.param("useCase")
    if use_case not in USE_CASES:
        raise bad_request(
            "Invalid query parameters: Validation error: Invalid enum value at 'useCase'"
        )
    return use_case


async def get_redirect_uri(call: Call) -> Response:
    """GET /oauth/{provider}/redirect_uri."""
    provider = _provider(call)
    if call.param("useCase") is not None:
        _use_case(call)
    return answer({"redirectUri": redirect_uri(call.workspace.region, provider)})


async def setup(call: Call) -> Response:
    """GET /oauth/{provider}/setup: a pending connection, whose id is the URL's `state`."""
    provider, use_case = _provider(call), _use_case(call)
    extra = _extra_config(call)
    person = call.person()
    secret = extra.get("client_secret")
    if use_case == "personal_actions":
        source, secret = _workspace_consent(call, extra.get("mcp_server_id", ""))
        details = source.metadata
    else:
        details = _checked_details(extra)
    consent = add_consent(
        call.store,
        call.workspace.id,
        person.id,
        provider=provider,
        use_case=use_case,
        details=details,
        client_secret=secret or None,
        redirect=redirect_uri(call.workspace.region, provider),
    )
    response = answer({"redirectUrl": _authorization_url(call, consent)})
    response.set_cookie(
        cookie_name(consent.sid),
        consent.finalize_nonce,
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="lax",
    )
    return response


def _extra_config(call: Call) -> dict[str, str]:
    text = call.param("extraConfig")
    if text is None:
        return {}
    try:
        parsed: Any = json.loads(text)
    except ValueError as error:
        raise bad_request("Invalid extraConfig: not JSON.") from error
    if not isinstance(parsed, dict) or not all(isinstance(value, str) for value in parsed.values()):
        raise bad_request("Invalid extraConfig: expected an object of strings.")
    return parsed


def _checked_details(extra: dict[str, str]) -> dict[str, str]:
    """The client and endpoints of an extraConfig; its secret and unknown keys are left out."""
    missing = [key for key in _REQUIRED if not extra.get(key)]
    if missing:
        raise bad_request(f"Invalid OAuth connection extraConfig: missing {', '.join(missing)}.")
    for key in ("token_endpoint", "authorization_endpoint"):
        parts = urlsplit(extra[key])
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise bad_request(f"Invalid OAuth connection extraConfig: {key} is not a URL.")
    if extra.get("token_endpoint_auth_method", "none") not in _AUTH_METHODS:
        raise bad_request(
            "Invalid OAuth connection extraConfig: unknown token_endpoint_auth_method."
        )
    return {key: extra[key] for key in (*_REQUIRED, *_OPTIONAL) if extra.get(key)}


def _workspace_consent(call: Call, server_sid: str) -> tuple[OAuthConnection, str | None]:
    """What a personal consent is cloned from: the server's workspace connection."""
    found = call.store.values(
        "SELECT oauth_sid, client_secret FROM connection JOIN server ON server.id = server_id"
        " JOIN oauth_connection ON oauth_connection.sid = oauth_sid"
        " WHERE server.sid = ? AND server.workspace_id = ? AND connection.kind = 'workspace'"
        " ORDER BY connection.created_at DESC",
        server_sid,
        call.workspace.id,
    )
    source = find_consent(call.store, found[0][0]) if found else None
    if source is None or "authorization_endpoint" not in source.metadata:
        raise ApiError(404, "mcp_server_connection_not_found", "Connection not found")
    return source, found[0][1]


def _authorization_url(call: Call, consent: OAuthConnection) -> str:
    details = consent.metadata
    verifier = call.store.text(
        "SELECT code_verifier FROM oauth_connection WHERE sid = ?", consent.sid
    )
    digest = hashlib.sha256(str(verifier).encode()).digest()
    query: dict[str, str] = {
        "response_type": "code",
        "client_id": details["client_id"],
        "state": consent.sid,
        "redirect_uri": consent.redirect_uri,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **{key: details[key] for key in ("scope", "resource") if key in details},
    }
    parts = urlsplit(details["authorization_endpoint"])
    if parts.hostname == "accounts.google.com":
        query |= {"access_type": "offline", "prompt": "consent"}
    pairs = [*parse_qsl(parts.query), *query.items()]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(pairs), ""))


def cookie_name(connection_sid: str) -> str:
    """The cookie that ties a consent to the browser that began it."""
    return f"dust_oauth_finalize_{hashlib.sha256(connection_sid.encode()).hexdigest()[:16]}"


async def finalize(sandbox: Sandbox, request: Request) -> Response:
    """GET /api/oauth/{provider}/finalize: checks who comes back, then stops."""
    provider = request.path_params["provider"]
    if provider not in PROVIDERS:
        raise ApiError(404, "connection_not_found", "Unknown OAuth provider.")
    user = session_user(sandbox, request)
    if user is None:
        raise ApiError(
            401,
            "not_authenticated",
            "The user does not have an active session or is not authenticated.",
        )
    query = request.query_params
    if not query.get("code"):
        raise ApiError(500, "internal_server_error", "Missing authorization code.")
    consent = find_consent(sandbox.store, query.get("state", ""))
    if consent is None or consent.provider != provider:
        raise ApiError(500, "internal_server_error", "Failed to finalize the OAuth connection.")
    nonce = request.cookies.get(cookie_name(consent.sid))
    if consent.user_id != user.id or not nonce or nonce != consent.finalize_nonce:
        raise ApiError(
            403, "workspace_auth_error", "This OAuth connection was begun by another session."
        )
    raise ApiError(
        500,
        "internal_server_error",
        "The sandbox can't complete OAuth flows yet: the code was not redeemed.",
    )
