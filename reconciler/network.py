"""What the environment says of the network, checked before it is used: proxies, and whom to trust.

HTTP's libraries find a fault in it while they are set up, in words for programmers.
"""

import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit
from urllib.request import getproxies

_KNOWN = ("http", "https", "socks5", "socks5h")
_HOST = re.compile(r"[A-Za-z0-9._~:%-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong; `help` is what to do, a line each. A value is never quoted: a proxy's may hold
    its password."""

    message: str
    help: tuple[str, ...]


def network_fault(environ: Mapping[str, str] | None = None) -> Fault | None:
    """What is wrong with the proxies or certificate authorities of the environment, if anything.

    Without `environ` it is that of this process, with the proxies of Windows' and macOS's settings.
    """
    proxies = getproxies() if environ is None else _proxies(environ)
    environ = os.environ if environ is None else environ
    if proxies.get("no", "").strip() != "*":
        for scheme in ("http", "https", "all"):
            problem = _proxy_problem(proxies.get(scheme, ""))
            if problem is not None:
                return _about(_variable(scheme, environ), problem)
    return authorities_fault(environ)


def _proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """By scheme; the variable in lower case counts, as for urllib."""
    found: dict[str, str] = {}
    for ending in ("_PROXY", "_proxy"):
        for name, value in environ.items():
            if name.endswith(ending):
                found[name.lower().removesuffix("_proxy")] = value
    return found


def _variable(scheme: str, environ: Mapping[str, str]) -> str:
    for name in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY"):
        if environ.get(name):
            return name
    return "the proxy of the system's settings"


def _proxy_problem(value: str) -> str | None:
    """What is wrong with a proxy; "" where only a library is missing."""
    if not value:
        return None
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        host, _ = parts.hostname, parts.port  # reading a port that is none raises ValueError
    except ValueError:
        return "is no address"
    if parts.scheme not in _KNOWN:
        return "is an address of a kind that isn't known"
    if not host or not _HOST.fullmatch(host) or not value.isascii() or not value.isprintable():
        return "is no address"
    if parts.scheme.startswith("socks") and find_spec("socksio") is None:
        return ""
    return None


def _about(name: str, problem: str) -> Fault:
    if not problem:
        return Fault(
            message=f"{name} is a SOCKS proxy, and support for those is not installed",
            help=("pip install 'reconciler[socks]', or name an http proxy",),
        )
    return Fault(
        message=f"{name} {problem}",
        help=(
            "expected http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT",
            "NO_PROXY=* uses no proxy at all",
        ),
    )


def authorities_fault(environ: Mapping[str, str]) -> Fault | None:
    """What is wrong with the certificate authorities of the environment, if anything."""
    path = environ.get("SSL_CERT_FILE")
    if not path:
        return None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        why = "it holds no certificates in PEM"
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no path"
    else:
        return None
    return Fault(
        message=f"the file that SSL_CERT_FILE names can't be used: {why}",
        help=("name a file of certificates in PEM, or unset SSL_CERT_FILE",),
    )
