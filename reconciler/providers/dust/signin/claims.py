"""What an access token says of itself: when it ends, and in which region its person lives.

The token is read, not verified: the platform decides whether it counts. What is read is used to
renew it in time and to choose among addresses that are known anyway.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any

from reconciler.secrets import Secret

_LONGEST = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """`expires` and `issued` are seconds since the epoch; all None for a token that is no JWT."""

    expires: float | None = None
    issued: float | None = None
    region: str | None = None


def read_claims(token: Secret, namespace: str) -> Claims:
    """The claims of a JWT (RFC 7519); those of any other token are empty."""
    parts = token.reveal().split(".")
    if len(parts) != 3 or len(parts[1]) > _LONGEST:
        return Claims()
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return Claims()
    if not isinstance(found, dict):
        return Claims()
    region = found.get(f"{namespace}region")
    return Claims(
        expires=_seconds(found.get("exp")),
        issued=_seconds(found.get("iat")),
        region=region if isinstance(region, str) else None,
    )


def _seconds(value: Any) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and abs(value) < 1e12 else None
