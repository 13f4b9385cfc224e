"""POST /mcp/discover_oauth_metadata: which OAuth a server needs, and a client for it.

Dust API: a server that answers without credentials needs none. For the others a new client is
registered (RFC 7591) with every call, and its secret is answered in clear this once.
"""

import httpx2
from pydantic import Field
from starlette.responses import Response

from reconciler.authorization import (
    Auth,
    Challenge,
    Inquiry,
    RegistrationFailure,
    Verdict,
    bearer_challenge,
    register,
)
from reconciler.sandbox.call import Body, Call
from reconciler.sandbox.catalogue import matching_preset
from reconciler.sandbox.envelope import ApiError, answer, bad_request
from reconciler.sandbox.oauth import redirect_uri
from reconciler.sandbox.probe import ProbeError
from reconciler.sandbox.server_rows import server_by_sid
from reconciler.sandbox.servers import HeaderEntry, clean_headers
from reconciler.sandbox.urls import refuse_unsafe

_TIMEOUT = 10.0  # seconds a document, and a registration, may take


class _Discover(Body):
    url: str = ""
    custom_headers: list[HeaderEntry] = Field(default_factory=list)
    mcp_server_id: str = ""


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
    except ProbeError as refused:
        metadata = await _connection_metadata(call, url, bearer_challenge(refused.challenge))
        return answer({"oauthRequired": True, "connectionMetadata": metadata})
    return answer({"oauthRequired": False})


async def _connection_metadata(call: Call, url: str, challenge: Challenge | None) -> dict[str, str]:
    prober, callback = call.sandbox.prober, redirect_uri(call, "mcp")
    preset = matching_preset(call.store, url, None)
    async with httpx2.AsyncClient(
        transport=prober.lend(), timeout=_TIMEOUT, trust_env=False
    ) as http:
        inquiry = Inquiry(client=http, policy=prober.policy, url=url)
        auth = await inquiry.run(challenge)
        if auth is None:
            failed = [check.message for check in inquiry.checks if check.verdict is Verdict.FAIL]
            raise _undiscovered(
                failed[0] if failed else "the authorization server publishes no metadata"
            )
        if auth.registration_endpoint is None:
            raise _undiscovered(
                "the authorization server offers no dynamic client registration: use static OAuth"
            )
        scope = _scope(auth, preset.scope if preset else None)
        try:
            client = await register(
                http,
                auth.registration_endpoint,
                name="Dust (sandbox)",
                redirect_uris=[callback],
                scope=scope,
                offered=auth.token_auth_methods,
            )
        except RegistrationFailure as error:
            raise _undiscovered(str(error)) from error
    metadata = {
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "authorization_endpoint": auth.authorization_endpoint,
        "token_endpoint": auth.token_endpoint,
        "token_endpoint_auth_method": client.auth_method,
        "scope": scope,
        "resource": auth.resource,
        "redirect_uri": callback,
    }
    return {key: value for key, value in metadata.items() if value}


def _undiscovered(why: str) -> ApiError:
    return ApiError(500, "internal_server_error", f"Failed to discover OAuth metadata: {why}.")


def _scope(auth: Auth, wanted: str | None) -> str:
    """The scopes to ask for: those given, else those of the resource, else of the server.

    Dust API: `offline_access` is added exactly when one of the documents knows it.
    """
    chosen = wanted.split() if wanted else auth.resource_scopes or auth.server_scopes
    scopes = [each for each in chosen if each != "offline_access"]
    known = {*auth.resource_scopes, *auth.server_scopes}
    return " ".join([*scopes, *(["offline_access"] if "offline_access" in known else [])])
