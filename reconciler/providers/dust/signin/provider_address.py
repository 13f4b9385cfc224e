"""Where people sign in, and which address of the API a sign-in is for."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

DEFAULT_ORIGIN = "https://api.workos.com"
"""Dust API: the identity provider is WorkOS; Dust's own programs use this host by default."""

DEFAULT_NAMESPACE = "https://dust.tt/"
"""Dust API: what the names of Dust's claims in an access token start with."""

_REGIONS = {"us-central1": "us", "europe-west1": "eu"}
_LOOPBACK = re.compile(r"(localhost|127(\.[0-9]{1,3}){3}|::1)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginProvider:
    """The identity provider: its origin, our client id there, and its claims' namespace."""

    origin: str
    client_id: str
    namespace: str = DEFAULT_NAMESPACE


def normal_url(text: str) -> str:
    """An address of a login domain or of the API in one spelling; a bare host gets https.

    Raises ValueError, without the text, when it is no web address, has more in it than an
    address, or is plain http on another machine.
    """
    whole = text.strip()
    if "://" not in whole:
        whole = f"https://{whole}"
    try:
        parts = urlsplit(whole)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("it is not a web address") from None
    if not host or parts.scheme.lower() not in ("http", "https") or re.search(r"\s", whole):
        raise ValueError("it is not a web address")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("it has more in it than scheme, host, port and path")
    if parts.scheme.lower() == "http" and not _LOOPBACK.match(host):
        raise ValueError("plain http is for this machine only; use https")
    shown = f"[{host}]" if ":" in host else host
    shown += f":{port}" if port is not None else ""
    return f"{parts.scheme.lower()}://{shown}{parts.path.rstrip('/')}"


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    return bool(_LOOPBACK.match(urlsplit(url).hostname or ""))


def region_of_claim(claim: str | None) -> str | None:
    """The region (`us` or `eu`) that a token's claim names; None for one that isn't known.

    Dust API: without the claim it is the US.
    """
    return _REGIONS.get(claim) if claim is not None else "us"
