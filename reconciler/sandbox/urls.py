"""Which URLs a remote MCP server may have.

Dust API: https only, and every address of the host must be public. Loopback is let through for
rehearsals unless the sandbox is strict.
"""

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

from reconciler.sandbox.envelope import bad_request

INVALID = "Invalid URL format."


async def refuse_unsafe(url: str, *, strict: bool) -> None:
    """Check a URL before connecting to it.

    Raises:
        ApiError: 400, with Dust's reason.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
        port = parts.port
    except ValueError as error:
        raise bad_request(INVALID) from error
    if not parts.scheme or not host:
        raise bad_request(INVALID)
    if not strict and parts.scheme in ("http", "https") and _is_loopback(host):
        return
    if parts.scheme != "https":
        raise bad_request("Only HTTPS URLs are allowed.")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port or 443, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError) as error:
        raise bad_request("Could not resolve hostname.") from error
    if not all(_is_public(str(entry[4][0])) for entry in found):
        raise bad_request("URL resolves to a private or reserved address.")


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and (
        address.ipv4_mapped is not None or address.sixtofour is not None or address in _NAT64
    ):
        return False
    return address.is_global and not address.is_multicast
