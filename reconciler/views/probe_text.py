"""What a probe found, as text and as JSON. Pure."""

from collections.abc import Iterator
from typing import Any

from reconciler.authorization import Auth, Check, Verdict
from reconciler.diagnostics import Palette, printable
from reconciler.discovery import Finding, manifest

_SIGNS = {Verdict.PASS: "✓", Verdict.WARN: "!", Verdict.FAIL: "✗"}


def probe_text(found: Finding, palette: Palette) -> str:
    """The finding for people: the verdict first, a manifest last."""
    lines = [*_headline(found, palette), *_tools(found, palette)]
    if found.auth:
        lines += ["", *_auth(found.auth, palette)]
    if found.checks:
        lines += ["", palette.bold("Checks"), *(_check(check, palette) for check in found.checks)]
    text = manifest(found)
    if text:
        lines += ["", palette.bold("Manifest"), "", *text.rstrip().splitlines()]
    return "\n".join(lines) + "\n"


def probe_json(found: Finding) -> dict[str, Any]:
    """The finding as a JSON value."""
    auth = found.auth
    return {
        "format": "reconciler.probe/v1",
        "url": found.url,
        "reached": found.reached,
        "healthy": found.healthy,
        "status": found.status,
        "transport": "streamable-http" if found.healthy else None,
        "protocolVersion": found.protocol,
        "server": {"name": found.name, "version": found.version},
        "tools": [
            {"name": tool.name, "description": tool.description, "hints": list(tool.hints)}
            for tool in found.tools
        ],
        "mode": found.mode.value if found.mode else None,
        "why": found.why,
        "authorizationServer": None if auth is None else _auth_json(auth),
        "checks": [
            {
                "name": check.name,
                "level": check.level.value,
                "verdict": check.verdict.value,
                "message": check.message,
                "source": check.source,
            }
            for check in found.checks
        ],
        "manifest": manifest(found) or None,
    }


def _headline(found: Finding, palette: Palette) -> Iterator[str]:
    if found.healthy:
        verdict = palette.added("healthy")
    elif found.mode and not found.failed:
        verdict = palette.warning("wants credentials")
    else:
        verdict = palette.error("unusable" if found.reached else "unreachable")
    yield f"{palette.bold(printable(found.url))}  {verdict}: {printable(found.why)}"
    if found.name:
        version = f" {found.version}" if found.version else ""
        yield f"  server    {printable(found.name + version)}"
    if found.protocol:
        yield f"  protocol  MCP {printable(found.protocol)} over streamable HTTP"
    if found.mode:
        yield f"  auth mode {found.mode.value}"


def _tools(found: Finding, palette: Palette) -> Iterator[str]:
    if not found.tools:
        return
    yield ""
    yield palette.bold(f"Tools ({len(found.tools)})")
    for tool in found.tools:
        hints = f"  [{', '.join(tool.hints)}]" if tool.hints else ""
        yield f"  {printable(tool.name)}{palette.dim(hints)}"


def _auth(auth: Auth, palette: Palette) -> Iterator[str]:
    yield palette.bold("Authorization server")
    yield f"  issuer        {printable(auth.issuer)}"
    yield f"  sign-in at    {printable(auth.authorization_endpoint)}"
    yield f"  tokens from   {printable(auth.token_endpoint)}"
    yield f"  registration  {'offered' if auth.registration else 'not offered'}" + (
        ", clients may be named by a document" if auth.client_documents else ""
    )
    yield f"  clients       {_list(auth.token_auth_methods)}"
    yield f"  PKCE          {_list(auth.pkce)}"
    yield f"  grants        {_list(auth.grant_types)}"
    yield f"  refresh       {'offered' if auth.refresh else 'not offered'}"
    yield f"  scopes        {_list(auth.scopes)}"


def _auth_json(auth: Auth) -> dict[str, Any]:
    return {
        "issuer": auth.issuer,
        "authorizationEndpoint": auth.authorization_endpoint,
        "tokenEndpoint": auth.token_endpoint,
        "resource": auth.resource,
        "registration": auth.registration,
        "clientDocuments": auth.client_documents,
        "refresh": auth.refresh,
        "scopes": list(auth.scopes),
        "grantTypes": list(auth.grant_types),
        "pkce": list(auth.pkce),
        "tokenEndpointAuthMethods": list(auth.token_auth_methods),
        "issInAnswers": auth.iss_in_answers,
    }


def _check(check: Check, palette: Palette) -> str:
    paint = {
        Verdict.PASS: palette.added,
        Verdict.WARN: palette.warning,
        Verdict.FAIL: palette.error,
    }[check.verdict]
    source = palette.dim(f"({check.level}, {check.source})")
    return f"  {paint(_SIGNS[check.verdict])} {check.name}: {printable(check.message)} {source}"


def _list(items: tuple[str, ...]) -> str:
    return printable(", ".join(items)) or "not told"
