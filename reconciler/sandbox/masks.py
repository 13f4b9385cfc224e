"""Hides secrets: on the wire as Dust does, in the log by key.

Dust API (newest): masked at once; header values become a constant, secrets keep their last four
characters. A mask that comes back in a write is refused.
"""

import json
from urllib.parse import urlsplit, urlunsplit

from pydantic import JsonValue

BULLET = "•"
HEADER_MASK = BULLET * 8
HIDDEN = "(hidden)"
BODY_LIMIT = 4000

# What the log may show of a request; everything else could be a secret in the wrong place.
_SHOWN = frozenset(
    {
        "name",
        "isRestricted",
        "spaceKind",
        "managementMode",
        "memberIds",
        "groupIds",
        "editorIds",
        "editorGroupIds",
        "serverType",
        "includeGlobal",
        "useCase",
        "viewName",
        "icon",
        "toolName",
        "permission",
        "enabled",
        "tools",
        "mcpServerId",
        "defaultServerId",
        "oAuthUseCase",
        "oauthScope",
        "description",
        "isRestrictedToSkills",
        "role",
        "kind",
        "availability",
        "availabilities",
        "spaceIds",
        "includeAllMembers",
        "includeRestrictedToSkills",
        "limit",
        "offset",
        "orderColumn",
        "orderDirection",
        "lastValue",
        "force",
        "kinds",
        "includeAuto",
        "withMembers",
        "spaceId",
        "searchTerm",
        "searchEmails",
    }
)


def mask_secret(secret: str | None) -> str | None:
    """A secret as answers show it; short ones show nothing of themselves."""
    if not secret:
        return None
    return BULLET * 5 + secret[-4:] if len(secret) > 8 else HEADER_MASK


def mask_headers(headers: dict[str, str] | None) -> dict[str, str] | None:
    """Custom headers as answers show them: names and a constant."""
    return dict.fromkeys(headers, HEADER_MASK) if headers else None


def is_mask(value: str) -> bool:
    """Whether a value that comes in is one of our masks."""
    return BULLET in value


def redact(value: JsonValue) -> JsonValue:
    """A request's JSON with every value hidden whose key isn't known to be harmless."""
    match value:
        case dict():
            return {key: _redact_entry(key, inner) for key, inner in value.items()}
        case list():
            return [redact(inner) for inner in value]
        case _:
            return value


def _redact_entry(key: str, value: JsonValue) -> JsonValue:
    if value is None or isinstance(value, bool):
        return value
    if key == "url" and isinstance(value, str):
        return bare_url(value)
    if key == "customHeaders" and isinstance(value, list):
        return [HIDDEN] * len(value)
    return redact(value) if key in _SHOWN else HIDDEN


def redact_body(raw: bytes) -> str | None:
    """A request body as the log keeps it; None when there is none worth keeping."""
    try:
        parsed = json.loads(raw)
        if not isinstance(parsed, dict):
            return None
        kept = json.dumps(redact(parsed), ensure_ascii=False)
    except (ValueError, RecursionError):
        return None
    return kept if len(kept) <= BODY_LIMIT else json.dumps({"(too long)": len(kept)})


def bare_url(url: str) -> str:
    """A URL without what may hold credentials: user, query, fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
