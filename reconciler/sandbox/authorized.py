"""An MCP server and the authorization server that guards it, in one application.

RFC 9728 metadata leads to RFC 8414 metadata on the same origin; authorization code with PKCE
(S256 only), refresh, revocation, and registration (RFC 7591) where it is offered. The protocol's
handlers are the MCP SDK's.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from time import time

from mcp.server import MCPServer
from mcp.server.auth.handlers.authorize import AuthorizationHandler
from mcp.server.auth.handlers.metadata import MetadataHandler
from mcp.server.auth.handlers.register import RegistrationHandler
from mcp.server.auth.handlers.revoke import RevocationHandler
from mcp.server.auth.handlers.token import TokenHandler
from mcp.server.auth.middleware.client_auth import ClientAuthenticator
from mcp.server.auth.provider import TokenVerifier, construct_redirect_uri
from mcp.server.auth.routes import create_protected_resource_routes
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions
from mcp.shared.auth import OAuthClientInformationFull, OAuthMetadata
from pydantic import AnyHttpUrl
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.sandbox.consenting import ConsentPage
from reconciler.sandbox.grants import AUTH_METHODS, Grants


def _settings(origin: str, needed: Sequence[str]) -> AuthSettings:
    """How the MCP server checks tokens: issued here, for it, with the `needed` scopes."""
    return AuthSettings(
        issuer_url=AnyHttpUrl(origin),
        resource_server_url=AnyHttpUrl(f"{origin}/mcp"),
        required_scopes=list(needed),
        validate_token_resource=True,
    )


def static_app(
    client_id: str, client_secret: str | None, callback: str, scopes: Sequence[str]
) -> OAuthClientInformationFull:
    """An OAuth app that somebody registered by hand; without a secret it is a public client."""
    return OAuthClientInformationFull.model_validate(
        {
            "client_id": client_id,
            "client_secret": client_secret,
            "client_name": client_id,
            "redirect_uris": [callback],
            "scope": " ".join(scopes),
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": AUTH_METHODS[0] if client_secret else "none",
        }
    )


def authorized(
    make: Callable[[AuthSettings, TokenVerifier], MCPServer],
    *,
    origin: str,
    name: str,
    scopes: Sequence[str],
    clients: Iterable[OAuthClientInformationFull] = (),
    registration: bool = False,
    clock: Callable[[], float] = time,
) -> Starlette:
    """The application, which must be served at `origin`; the MCP server is at `/mcp`.

    Args:
        make: the MCP server, given how it checks tokens.
        origin: scheme, host and port; also the issuer.
        name: what the consent page calls it.
        scopes: all that there are; the first is needed for every call.
        clients: apps that are registered from the start.
        registration: let clients register themselves.
        clock: seconds since the epoch.
    """
    resource = f"{origin}/mcp"
    grants = Grants(issuer=origin, resource=resource, scopes=scopes, clients=clients, clock=clock)
    server = make(_settings(origin, scopes[:1]), grants)
    app = server.streamable_http_app()
    routes = _routes(grants, origin, name, scopes, registration=registration)
    # In front of the SDK's own, whose resource metadata names the needed scopes only.
    app.router.routes[:0] = [
        *create_protected_resource_routes(
            AnyHttpUrl(resource), [AnyHttpUrl(origin)], list(scopes), name
        ),
        *routes,
    ]
    return app


def _routes(
    grants: Grants, origin: str, name: str, scopes: Sequence[str], *, registration: bool
) -> list[Route]:
    authenticator = ClientAuthenticator(grants)
    page = ConsentPage(grants, name)
    metadata = MetadataHandler(_metadata(origin, scopes, registration=registration))
    routes = [
        Route("/.well-known/oauth-authorization-server", metadata.handle, methods=["GET"]),
        Route("/authorize", _authorize(grants, origin), methods=["GET", "POST"]),
        Route("/consent", page.show, methods=["GET"]),
        Route("/consent", page.take, methods=["POST"]),
        Route("/token", TokenHandler(grants, authenticator).handle, methods=["POST"]),
        Route("/revoke", RevocationHandler(grants, authenticator).handle, methods=["POST"]),
    ]
    if registration:
        options = ClientRegistrationOptions(
            enabled=True, valid_scopes=list(scopes), default_scopes=list(scopes)
        )
        register = RegistrationHandler(grants, options).handle
        routes.append(Route("/register", register, methods=["POST"]))
    return routes


def _authorize(grants: Grants, origin: str) -> Callable[[Request], Awaitable[Response]]:
    handler = AuthorizationHandler(grants)

    async def authorize(request: Request) -> Response:
        response = await handler.handle(request)
        location = response.headers.get("location", "")
        if location and not location.startswith(f"{origin}/consent?"):
            # RFC 9207, section 2: refusals name the issuer too; the SDK's don't.
            response.headers["location"] = construct_redirect_uri(location, iss=origin)
        return response

    return authorize


def _metadata(origin: str, scopes: Sequence[str], *, registration: bool) -> OAuthMetadata:
    return OAuthMetadata.model_validate(
        {
            "issuer": origin,
            "authorization_endpoint": f"{origin}/authorize",
            "token_endpoint": f"{origin}/token",
            "revocation_endpoint": f"{origin}/revoke",
            "registration_endpoint": f"{origin}/register" if registration else None,
            "scopes_supported": list(scopes),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_methods_supported": list(AUTH_METHODS),
            "revocation_endpoint_auth_methods_supported": list(AUTH_METHODS),
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
    )
