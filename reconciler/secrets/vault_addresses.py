"""Where something may be sent that opens a door: https, or this machine."""

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from reconciler.diagnostics import Code
from reconciler.secrets.secret import Secret
from reconciler.secrets.trouble import Trouble


def read_address(environ: Mapping[str, str]) -> tuple[str, str]:
    """The URL of VAULT_ADDR, or of GitLab's VAULT_SERVER_URL, and the part of it to show.

    Raises Trouble when it's missing, holds more than an address, or isn't encrypted.
    """
    for name in ("VAULT_ADDR", "VAULT_SERVER_URL"):
        text = environ.get(name, "").strip()
        if text:
            return _checked(name, text)
    raise unusable("VAULT_ADDR is not set", "set VAULT_ADDR, e.g. https://vault.example:8200")


def _checked(name: str, text: str) -> tuple[str, str]:
    expected = f"{name} is a URL such as https://vault.example:8200"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, SplitResult("", "", "", "", "")
    if parts.scheme not in ("http", "https") or not host or not is_header_text(text):
        raise unusable(f"{name} is not an http or https URL", expected)
    if parts.username is not None or parts.query or parts.fragment:
        raise unusable(f"{name} holds more than an address", expected)
    shown = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")
    if not is_guarded(parts):
        raise unusable(
            f"{name} is {origin}, where the token would travel unencrypted",
            "use https (plain http is accepted for this machine only, e.g. http://127.0.0.1:8200)",
        )
    return text, origin


def is_guarded(url: SplitResult) -> bool:
    """Whether nobody on the way can read what is sent there."""
    return url.scheme == "https" or (url.scheme == "http" and is_loopback(url.hostname or ""))


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def proxy_to(url: SplitResult, environ: Mapping[str, str]) -> Secret | None:
    """HTTPS_PROXY, unless NO_PROXY covers the host; never for http, which a proxy could read."""
    proxy = environ.get("HTTPS_PROXY") or environ.get("https_proxy") or ""
    exempt = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    host = url.hostname or ""
    names = [name.strip().lstrip(".").lower() for name in exempt.split(",") if name.strip()]
    if not proxy or url.scheme != "https" or is_loopback(host):
        return None
    if any(name in ("*", host) or host.endswith(f".{name}") for name in names):
        return None
    return Secret(proxy)


def is_header_text(text: str) -> bool:
    """Whether a header can carry it as it is."""
    return text.isascii() and all("!" <= char <= "~" for char in text)


def unusable(problem: str, *advice: str) -> Trouble:
    """The settings lead nowhere, whichever secret is asked for."""
    return Trouble(Code.SECRET_UNREACHABLE, f"can't be read: {problem}", *advice, everywhere=True)
