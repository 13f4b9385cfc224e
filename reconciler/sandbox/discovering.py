"""POST /mcp/discover_oauth_metadata: which OAuth a server needs, and a client for it.

Dust API: a server that answers without credentials needs none. For the others a new client is
registered (RFC 7591) with every call, and its secret is answered in clear this once.
"""

from typing import Any

import httpx2
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import Response

from reconciler.sandbox.call import Body, Call
from reconciler.sandbox.catalogue import matching_preset
from reconciler.sandbox.envelope import ApiError, answer, bad_request
from reconciler.sandbox.oauth import redirect_uri
from reconciler.sandbox.probe import ProbeError
from reconciler.sandbox.server_metadata import DiscoveryFailure, Explorer, Found
from reconciler.sandbox.server_rows import server_by_sid
from reconciler.sandbox.servers import HeaderEntry, clean_headers
from reconciler.sandbox.urls import refuse_unsafe

# What the token requests know how to do, the best first.
_METHODS = ("client_secret_basic", "client_secret_post", "none")


class _Discover(Body):
    url: str = ""
    custom_headers: list[HeaderEntry] = Field(default_factory=list)
    mcp_server_id: str = ""


class _Client(BaseModel):
    """RFC 7591 section 3.2.1, as far as it is used."""

    client_id: str = Field(min_length=1)
    client_secret: str | None = Field(default=None, repr=False)
    token_endpoint_auth_method: str | None = None


async def discover(call: Call) -> Response:
    """Check the URL, try without credentials, then discover and register."""
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
    except ProbeError:
        metadata = await _connection_metadata(call, url, headers)
        return answer({"oauthRequired": True, "connectionMetadata": metadata})
    return answer({"oauthRequired": False})


async def _connection_metadata(call: Call, url: str, headers: dict[str, str]) -> dict[str, str]:
    explorer = Explorer(call.sandbox.prober.lend(), strict_urls=call.sandbox.settings.strict_urls)
    preset = matching_preset(call.store, url, None)
    callback = redirect_uri(call, "mcp")
    try:
        found = await explorer.find(url, headers)
        scope = found.scope(preset.scope if preset else None)
        client = await _register(explorer, found, callback, scope)
    except DiscoveryFailure as error:
        raise ApiError(
            500, "internal_server_error", f"Failed to discover OAuth metadata: {error}."
        ) from error
    metadata = {
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "authorization_endpoint": found.server.authorization_endpoint,
        "token_endpoint": found.server.token_endpoint,
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
        "scope": scope,
        "resource": None if found.resource is None else found.resource.resource,
        "redirect_uri": callback,
    }
    return {key: value for key, value in metadata.items() if value}


async def _register(explorer: Explorer, found: Found, callback: str, scope: str | None) -> _Client:
    """A new client at the authorization server.

    Raises:
        DiscoveryFailure: it doesn't register clients, or not this one.
    """
    endpoint = found.server.registration_endpoint
    if endpoint is None:
        raise DiscoveryFailure(
            "the authorization server offers no dynamic client registration: use static OAuth"
        )
    await explorer.check(endpoint)
    offered = found.server.token_endpoint_auth_methods_supported
    method = next((each for each in _METHODS if each in offered), None)
    if method is None:
        raise DiscoveryFailure("the authorization server authenticates clients in other ways only")
    asked: dict[str, Any] = {
        "client_name": "Dust (sandbox)",
        "redirect_uris": [callback],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
        "application_type": "native",  # the callback is on loopback
        **({"scope": scope} if scope else {}),
    }
    try:
        async with explorer.client() as client:
            response = await client.post(endpoint, json=asked)
            raw = response.json() if response.is_success else None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise DiscoveryFailure("the registration endpoint could not be reached") from error
    except ValueError as error:
        raise DiscoveryFailure("the registration endpoint answered no JSON") from error
    if raw is None:
        raise DiscoveryFailure(
            f"the registration endpoint refused the client (HTTP {response.status_code})"
        )
    try:
        return _Client.model_validate({"token_endpoint_auth_method": method, **raw})
    except (ValidationError, TypeError) as error:
        raise DiscoveryFailure("the registration endpoint answered no client") from error
