"""A manifest for a server that was probed, ready to be completed. Pure."""

import re
from urllib.parse import urlsplit

from reconciler.diagnostics import printable
from reconciler.discovery.findings import Finding, Mode
from reconciler.resources import SecretRef

_LONGEST = 40
_ESCAPES = {'"': '\\"', "\\": "\\\\"}
_BRACKET = re.compile(r"(##[A-Za-z]*)\[")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")


def manifest(found: Finding) -> str:
    """A manifest as YAML text; empty when no auth mode is known to fit."""
    if found.mode is None:
        return ""
    lines = [
        "apiVersion: reconciler/v1",
        "kind: MCPServer",
        f"metadata: {{name: {_name(found)}}}",
        "spec:",
        f"  url: {_quoted(found.url)}",
        "  spaces: []                    # names of Spaces, or [company]",
        "  auth:",
        f"    mode: {found.mode}",
        *_auth(found),
        *_headers(found),
    ]
    if found.tools:
        lines += ["  tools:", "    default: {stake: high}"]
        lines += [f"    # {_key(tool.name)}: {{stake: high}}" for tool in found.tools]
    return "\n".join(lines) + "\n"


def _auth(found: Finding) -> list[str]:
    variable = _name(found).upper().replace("-", "_")
    match found.mode:
        case Mode.BEARER:
            token = next((kept for name, kept in found.sent if _is_token(name)), None)
            reference = _reference(token) if token else f"{{env: {variable}_TOKEN}}"
            return [f"    token: {reference}"]
        case Mode.STATIC_OAUTH:
            auth = found.auth
            assert auth is not None, "a mode that was read from metadata"
            return [
                f"    clientId: {{env: {variable}_CLIENT_ID}}",
                f"    clientSecret: {{env: {variable}_CLIENT_SECRET}}",
                f"    authorizationEndpoint: {_quoted(auth.authorization_endpoint)}",
                f"    tokenEndpoint: {_quoted(auth.token_endpoint)}",
                *_scopes(found),
            ]
        case Mode.AUTOMATIC:
            return [f"    # {line.strip()}" for line in _scopes(found)]
        case _:
            return []


def _headers(found: Finding) -> list[str]:
    custom = [(name, kept) for name, kept in found.sent if not _is_token(name)]
    if custom:
        return ["  headers:", *(f"    {name}: {_reference(kept)}" for name, kept in custom)]
    if found.mode is Mode.BEARER and found.auth is None and not found.healthy:
        key = f"{{env: {_name(found).upper().replace('-', '_')}_KEY}}"
        words = "  # headers:                    # if it takes a key instead: auth.mode `none`, and"
        return [words, f"  #   X-API-Key: {key}"]
    return []


def _is_token(header: str) -> bool:
    return header.lower() == "authorization"


def _reference(kept: SecretRef) -> str:
    return f"{{{kept.scheme}: {_quoted(kept.locator)}}}"


def _scopes(found: Finding) -> list[str]:
    scopes = found.auth.scopes if found.auth else ()
    return [f"    scopes: [{', '.join(_quoted(scope) for scope in scopes)}]"] if scopes else []


def _name(found: Finding) -> str:
    text = found.name or (urlsplit(found.url).hostname or "").removeprefix("mcp.")
    if re.fullmatch(r"[0-9.:]+", text):
        text = "server"
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:_LONGEST].strip("-") or "server"


def _quoted(text: str) -> str:
    """The text in YAML's double quotes, what isn't seen or would be obeyed in a log escaped."""
    told = "".join(_ESCAPES.get(char) or _character(char) for char in text)
    return f'"{_BRACKET.sub(_escaped_bracket, told)}"'


def _character(char: str) -> str:
    return char if printable(char) == char else f"\\U{ord(char):08x}"


def _escaped_bracket(found: re.Match[str]) -> str:
    return f"{found[1]}\\x5b"


def _key(text: str) -> str:
    return text if _PLAIN.match(text) else _quoted(text)
