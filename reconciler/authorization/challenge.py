"""`WWW-Authenticate` of a refusal: what a server asks for (RFC 9110, section 11.6.1)."""

import re
from dataclasses import dataclass

_PARAMETER = re.compile(r'([!#$%&\'*+.^_`|~0-9A-Za-z-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]+)')
_SCHEME = re.compile(r"(?:^|,)\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?=\s+[^\s=,]|\s*(?:,|$))")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A Bearer challenge (RFC 6750, section 3; RFC 9728, section 5.1)."""

    resource_metadata: str | None = None
    scope: str | None = None
    error: str | None = None


def bearer_challenge(header: str) -> Challenge | None:
    """The Bearer challenge in a header that may hold several; None when there is none."""
    # Quoted strings may hold anything, so the schemes are looked for with them blanked out.
    blank = _QUOTED.sub(lambda found: '"' + "x" * (len(found[0]) - 2) + '"', header)
    starts = [(found.start(1), found[1].lower()) for found in _SCHEME.finditer(blank)]
    for position, (start, scheme) in enumerate(starts):
        if scheme != "bearer":
            continue
        end = starts[position + 1][0] if position + 1 < len(starts) else len(header)
        values = {
            name.lower(): _value(text) for name, text in _PARAMETER.findall(header[start:end])
        }
        return Challenge(
            resource_metadata=values.get("resource_metadata"),
            scope=values.get("scope"),
            error=values.get("error"),
        )
    return None


def _value(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
