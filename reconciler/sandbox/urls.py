"""Which URLs a remote MCP server may have.

Dust API: https only, and every address of the host must be public. Loopback is let through for
rehearsals unless the sandbox is strict.
"""

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

from reconciler.authorization import is_local, is_public
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
    if not strict and parts.scheme in ("http", "https") and is_local(host):
        return
    if parts.scheme != "https":
        raise bad_request("Only HTTPS URLs are allowed.")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port or 443, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError) as error:
        raise bad_request("Could not resolve hostname.") from error
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not all(is_public(ipaddress.ip_address(address)) for address in addresses):
        raise bad_request("URL resolves to a private or reserved address.")
