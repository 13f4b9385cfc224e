"""Routes that begin an OAuth consent: the callback address, setup."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response

from reconciler.authorization import authorization_url
from reconciler.sandbox.call import Call
from reconciler.sandbox.envelope import ApiError, answer, bad_request
from reconciler.sandbox.oauth_rows import (
    add_consent,
    read_credential,
    read_sealed,
    workspace_consent,
)
from reconciler.sandbox.records import OAuthConnection
from reconciler.sandbox.server_rows import server_by_sid

PROVIDERS = ("mcp", "mcp_static")
USE_CASES = (
    "connection",
    "labs_transcripts",
    "platform_actions",
    "personal_actions",
    "bot",
    "webhooks",
)
_ENDPOINTS = ("token_endpoint", "authorization_endpoint")
_KEPT = (*_ENDPOINTS, "scope", "resource", "token_endpoint_auth_method")
_CLIENT = ("client_id", "client_secret")
_AUTH_METHODS = ("none", "client_secret_basic", "client_secret_post")
COOKIE_SECONDS = 600


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
    """GET /oauth/{provider}/redirect_uri: the sandbox's own callback page."""
    provider = _provider(call)
    if call.param("useCase") is not None:
        _use_case(call)
    return answer({"redirectUri": redirect_uri(call, provider)})


def redirect_uri(call: Call, provider: str) -> str:
    """The callback that an authorization server must allow."""
    return f"{call.origin}/oauth/{provider}/finalize"


async def setup(call: Call) -> Response:
    """GET /oauth/{provider}/setup: a pending connection, whose id is the URL's `state`."""
    provider, use_case = _provider(call), _use_case(call)
    extra = _extra_config(call)
    person = call.person()
    if use_case == "personal_actions":
        beginning = _cloned(call, extra)
    else:
        beginning = _Beginning(
            details=_checked_details(extra),
            credential={key: extra[key] for key in _CLIENT if extra.get(key)},
            redirect_uri=redirect_uri(call, provider),
        )
    opener = _origin(call.param("openerOrigin"))
    nonce = None if call.workspace.unbound_finalize else secrets.token_urlsafe(32)
    consent = add_consent(
        call.store,
        call.workspace.id,
        person.id,
        provider=provider,
        use_case=use_case,
        details={**beginning.details, **({"opener_origin": opener} if opener else {})},
        credential=beginning.credential,
        redirect=beginning.redirect_uri,
        nonce=nonce,
    )
    url = _authorization_url(call, consent, beginning.credential["client_id"])
    response = answer({"redirectUrl": url})
    if nonce is not None:
        response.set_cookie(
            cookie_name(consent.sid), nonce, max_age=COOKIE_SECONDS, httponly=True, samesite="lax"
        )
    return response


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beginning:
    """What a consent is asked with; `credential` is the client's id and secret."""

    details: dict[str, str]
    credential: dict[str, str] = field(repr=False)
    redirect_uri: str


def _origin(text: str | None) -> str | None:
    """An origin that a page may post messages to; None for anything else."""
    parts = urlsplit(text or "")
    if parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc:
        return None
    return f"{parts.scheme}://{parts.netloc}"


def _extra_config(call: Call) -> dict[str, str]:
    text = call.param("extraConfig")
    if text is None:
        return {}
    try:
        parsed: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise bad_request("Invalid extraConfig: not JSON.") from error
    if not isinstance(parsed, dict) or not all(isinstance(value, str) for value in parsed.values()):
        raise bad_request("Invalid extraConfig: expected an object of strings.")
    return parsed


def _checked_details(extra: dict[str, str]) -> dict[str, str]:
    """The endpoints of an extraConfig; the client and unknown keys are left out."""
    missing = [key for key in ("client_id", *_ENDPOINTS) if not extra.get(key)]
    if missing:
        raise bad_request(f"Invalid OAuth connection extraConfig: missing {', '.join(missing)}.")
    for key in _ENDPOINTS:
        parts = urlsplit(extra[key])
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise bad_request(f"Invalid OAuth connection extraConfig: {key} is not a URL.")
    if extra.get("token_endpoint_auth_method", "none") not in _AUTH_METHODS:
        raise bad_request(
            "Invalid OAuth connection extraConfig: unknown token_endpoint_auth_method."
        )
    return {key: extra[key] for key in _KEPT if extra.get(key)}


def _cloned(call: Call, extra: dict[str, str]) -> _Beginning:
    """Endpoints, client, scope and callback of the server's workspace connection."""
    if not extra.get("mcp_server_id"):
        raise bad_request("Invalid OAuth connection extraConfig: missing mcp_server_id.")
    server = server_by_sid(call, extra["mcp_server_id"])
    source = None if server is None else workspace_consent(call.store, server.id)
    if source is None or "authorization_endpoint" not in source.metadata:
        raise ApiError(404, "mcp_server_connection_not_found", "Connection not found")
    details = {key: value for key, value in source.metadata.items() if key in _KEPT}
    return _Beginning(
        details=details,
        credential=read_credential(call.store, source.sid),
        redirect_uri=source.redirect_uri,
    )


def _authorization_url(call: Call, consent: OAuthConnection, client_id: str) -> str:
    details = consent.metadata
    endpoint = details["authorization_endpoint"]
    at_google = urlsplit(endpoint).hostname == "accounts.google.com"
    return authorization_url(
        endpoint,
        client_id=client_id,
        redirect_uri=consent.redirect_uri,
        state=consent.sid,
        verifier=read_sealed(call.store, consent.sid, "code_verifier") or "",
        scope=details.get("scope"),
        resource=details.get("resource"),
        more=[("access_type", "offline"), ("prompt", "consent")] if at_google else [],
    )


def cookie_name(connection_sid: str) -> str:
    """The cookie that ties a consent to the browser that began it."""
    digest = hashlib.sha256(connection_sid.encode()).digest()
    return f"dust_oauth_finalize_{base64.urlsafe_b64encode(digest).decode()[:16]}"
