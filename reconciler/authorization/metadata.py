"""Who guards an MCP server: RFC 9728, then RFC 8414 or OpenID discovery, each rule a check.

MCP authorization (2026-07-28): the order of places, what a careful client must check, and that
nothing is guessed once metadata named a server.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError

from reconciler.authorization.answers import BadAnswer, json_object, read_bounded
from reconciler.authorization.challenge import Challenge
from reconciler.authorization.checks import Auth, Check, Level, Verdict
from reconciler.authorization.documents import ResourceMetadata, ServerMetadata
from reconciler.authorization.guard import Policy, Refused, origin, shown

if TYPE_CHECKING:
    import httpx2

_OK, _REDIRECTS = 200, range(300, 400)
_BUSY, _FAULTS = 429, range(500, 600)
_MCP = "MCP authorization"
_RESOURCE, _SERVER = "resource-metadata", "authorization-server-metadata"


M = TypeVar("M", ResourceMetadata, ServerMetadata)


class _Stop(Exception):
    """A check failed; there is no going on."""


@dataclass(slots=True, kw_only=True)
class Inquiry:
    """Looks for the authorization server of one MCP server; `checks` grow on the way.

    `asking` is the document that is waited for: the name of its check, and where it is.
    """

    client: "httpx2.AsyncClient"
    policy: Policy
    url: str
    checks: list[Check] = field(default_factory=list)
    asking: tuple[str, str] | None = None

    async def run(self, challenge: Challenge | None) -> Auth | None:
        """What guards the server; None when nothing usable does, and the checks say why."""
        try:
            resource = await self._resource(challenge)
            issuer = _bare(self.url) if resource is None else resource.authorization_servers[0]
            server = await self._server(issuer, named=resource is not None)
        except _Stop:
            return None
        if server is None:
            return None
        return _auth(resource, server, challenge)

    def give_up(self, seconds: float) -> None:
        """Note which document was waited for in vain, after `run` was cancelled."""
        if self.asking is not None:
            name, place = self.asking
            words = f"{_safe(place)} gives no complete answer in {seconds:g} s"
            self._note(name, Level.MUST, Verdict.FAIL, words, _source(name))

    async def _resource(self, challenge: Challenge | None) -> ResourceMetadata | None:
        named = challenge.resource_metadata if challenge else None
        if named:
            self._insist(
                "resource-metadata-origin",
                holds=_readable(named) and origin(named) == origin(self.url),
                good="the server names resource metadata on its own host",
                bad=f"the server names resource metadata on another host: {_safe(named)}",
                source="RFC 9728, section 3",
            )
        path = urlsplit(self.url).path.rstrip("/")
        base = f"{_bare(self.url)}/.well-known/oauth-protected-resource"
        for place in [named] if named else list(dict.fromkeys([f"{base}{path}", base])):
            found = await self._document(place, ResourceMetadata)
            if found is not None:
                self._insist(
                    "resource-matches",
                    holds=_covers(found.resource, self.url),
                    good=f"the metadata is about {_safe(found.resource)}",
                    bad=f"the metadata is about another resource: {_safe(found.resource)}",
                    source="RFC 9728, section 3.3",
                )
                self._check_bearer_methods(found)
                return found
        if named:
            self._fail(_RESOURCE, f"nothing is at {_safe(named)}", _source(_RESOURCE))
        return None

    def _check_bearer_methods(self, resource: ResourceMetadata) -> None:
        """MCP authorization: a token goes into the header and nowhere else."""
        if resource.bearer_methods_supported is not None:
            offered = ", ".join(resource.bearer_methods_supported) or "none"
            self._insist(
                "bearer-methods",
                holds="header" in resource.bearer_methods_supported,
                good=f"tokens are taken in: {offered}",
                bad=f"tokens must go into the header; they are taken in: {offered}",
                source=f"{_MCP}: access token usage; RFC 9728, section 2",
            )

    async def _server(self, issuer: str, *, named: bool) -> ServerMetadata | None:
        if named:
            self._guard("authorization-server-address", issuer)
        base, path = _bare(issuer), urlsplit(issuer).path.rstrip("/")
        places = [
            f"{base}/.well-known/oauth-authorization-server{path}",
            f"{base}/.well-known/openid-configuration{path}",
            f"{base}{path}/.well-known/openid-configuration",
        ]
        for place in dict.fromkeys(places):
            found = await self._document(place, ServerMetadata)
            if found is not None:
                if not named:
                    words = "the server publishes none; its own host was asked, as of old"
                    self._note(_RESOURCE, Level.MUST, Verdict.WARN, words, _source(_RESOURCE))
                self._examine(found, issuer)
                return found
        if named:
            self._fail(
                _SERVER,
                f"{_safe(issuer)} is named as authorization server and publishes no metadata",
                _source(_SERVER),
            )
        return None

    def _examine(self, server: ServerMetadata, issuer: str) -> None:
        # Identical but for a slash at the end, which the MCP SDK adds to a bare origin.
        self._insist(
            "issuer-identical",
            holds=server.issuer.removesuffix("/") == issuer.removesuffix("/"),
            good=f"the issuer is {_safe(server.issuer)}, as it was looked up",
            bad=f"the issuer is {_safe(server.issuer)}, and {_safe(issuer)} was looked up",
            source="RFC 8414, section 3.3",
        )
        offered = ", ".join(server.code_challenge_methods_supported) or "none"
        self._insist(
            "pkce-s256",
            holds="S256" in server.code_challenge_methods_supported,
            good=f"PKCE methods on offer: {offered}",
            bad=f"PKCE with S256 is required; on offer: {offered}",
            source=f"{_MCP}: PKCE",
        )
        grants = _grants(server)
        self._insist(
            "grant-authorization-code",
            holds="authorization_code" in grants,
            good=f"grant types on offer: {', '.join(grants)}",
            bad=f"authorization_code is required; on offer: {', '.join(grants)}",
            source="RFC 8414, section 2; OAuth 2.1, section 4.1",
        )
        endpoints = {
            "authorization-endpoint": server.authorization_endpoint,
            "token-endpoint": server.token_endpoint,
            "registration-endpoint": server.registration_endpoint,
        }
        for name, endpoint in endpoints.items():
            if endpoint is not None:
                self._guard(name, endpoint)
                self._compare_origins(name, endpoint, server.issuer)

    def _compare_origins(self, name: str, endpoint: str, issuer: str) -> None:
        """Codes and secrets go there: another host than the issuer's is worth a look."""
        same = origin(endpoint) == origin(issuer)
        verdict = Verdict.PASS if same else Verdict.WARN
        where = (
            "on the issuer's host"
            if same
            else f"on another host than the issuer's: {_safe(endpoint)}"
        )
        self._note(f"{name}-origin", Level.SHOULD, verdict, where, f"{_MCP}: security")

    async def _document(self, url: str, shape: type[M]) -> M | None:
        """One document; None when there is none at this place. Raises _Stop when it is bad."""
        import httpx2

        name = _RESOURCE if shape is ResourceMetadata else _SERVER
        source = _source(name)
        self.asking = (name, url)
        try:
            async with self.client.stream("GET", url) as response:
                if response.status_code in _REDIRECTS:
                    self._fail(name, f"{_safe(url)} redirects, which isn't followed", source)
                if response.status_code in _FAULTS or response.status_code == _BUSY:
                    # Not "there is none": going on elsewhere would guess.
                    words = f"{_safe(url)} fails with HTTP {response.status_code}"
                    self._fail(name, words, source)
                if response.status_code != _OK:
                    return None
                raw = await read_bounded(response)
        except BadAnswer as error:
            self._fail(name, f"{_safe(url)} {error}", source)
        except Refused as error:
            self._fail(name, f"not asked: {error}", f"{_MCP}: security")
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            self._fail(name, f"{_safe(url)} can't be reached ({type(error).__name__})", source)
        try:
            found = shape.model_validate(json_object(raw))
        except (ValidationError, BadAnswer):
            self._fail(name, f"{_safe(url)} is no such metadata", source)
        self.asking = None
        self._note(name, Level.MUST, Verdict.PASS, f"found at {_safe(url)}", source)
        return found

    def _guard(self, name: str, url: str) -> None:
        try:
            self.policy.check_form(url)
            self._literal(url)
        except Refused as error:
            self._fail(name, str(error), f"{_MCP}: https, and no private address")
        plain = urlsplit(url).scheme != "https"
        here = plain and urlsplit(url).hostname == self.policy.home
        words = ", plain http on this machine" if here else ", plain http" if plain else ""
        verdict = Verdict.WARN if plain and not here else Verdict.PASS
        self._note(name, Level.MUST, verdict, f"{_safe(url)}{words}", f"{_MCP}: https")

    def _literal(self, url: str) -> None:
        """Refuse a bad address in numbers at once; names are resolved when they are asked."""
        import ipaddress

        host = urlsplit(url).hostname or ""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return
        self.policy.check_address(host, address)

    def _insist(self, name: str, *, holds: bool, good: str, bad: str, source: str) -> None:
        if not holds:
            self._fail(name, bad, source)
        self._note(name, Level.MUST, Verdict.PASS, good, source)

    def _fail(self, name: str, message: str, source: str) -> None:
        self._note(name, Level.MUST, Verdict.FAIL, message, source)
        raise _Stop

    def _note(self, name: str, level: Level, verdict: Verdict, message: str, source: str) -> None:
        check = Check(name=name, level=level, verdict=verdict, message=message, source=source)
        self.checks.append(check)


def _auth(
    resource: ResourceMetadata | None, server: ServerMetadata, challenge: Challenge | None
) -> Auth:
    of_resource = resource.scopes_supported if resource else None
    asked = challenge.scope.split() if challenge and challenge.scope else None
    known = {*(of_resource or ()), *(server.scopes_supported or ())}
    grants = _grants(server)
    return Auth(
        issuer=server.issuer,
        authorization_endpoint=server.authorization_endpoint,
        token_endpoint=server.token_endpoint,
        resource=resource.resource if resource else None,
        registration_endpoint=server.registration_endpoint,
        client_documents=server.client_id_metadata_document_supported,
        refresh="refresh_token" in grants or "offline_access" in known,
        scopes=tuple(asked or of_resource or server.scopes_supported or ()),
        resource_scopes=tuple(of_resource or ()),
        server_scopes=tuple(server.scopes_supported or ()),
        grant_types=tuple(grants),
        pkce=tuple(server.code_challenge_methods_supported),
        token_auth_methods=tuple(server.token_endpoint_auth_methods_supported),
        iss_in_answers=server.authorization_response_iss_parameter_supported,
    )


def _grants(server: ServerMetadata) -> list[str]:
    # RFC 8414, section 2: without a list, these two grants are meant.
    return server.grant_types_supported or ["authorization_code", "implicit"]


def _source(name: str) -> str:
    return "RFC 9728, section 3" if name == _RESOURCE else "RFC 8414, section 3"


def _bare(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _readable(url: str) -> bool:
    try:
        return (bool(urlsplit(url).hostname) and urlsplit(url).port is not None) or True
    except ValueError:
        return False


def _safe(url: str) -> str:
    return shown(url) if _readable(url) else "an address that can't be read"


def _covers(resource: str, url: str) -> bool:
    """Whether metadata for a resource is about a URL: the same origin, and a path above it."""
    if not _readable(resource) or origin(resource) != origin(url):
        return False
    above, path = urlsplit(resource).path.rstrip("/"), urlsplit(url).path.rstrip("/")
    return path == above or path.startswith(f"{above}/")
