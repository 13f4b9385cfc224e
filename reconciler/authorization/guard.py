"""Guards every request to an address that a remote server handed out.

MCP authorization, security considerations: such addresses are the attacker's choice. So: https
only, no private, link-local or reserved address, the address that was checked is the one that is
connected to, redirects are not followed. What the user probes on loopback may use the same host.
"""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import httpx2

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Observe = Callable[[str, str, str, float], None]
"""Is told of an exchange: method, address without its query, status or failure, milliseconds."""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Exception):
    """A request that isn't sent; the message says why, in words for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which addresses may be asked.

    Parameters: `home` is a loopback host that may be asked with plain http too, because the user
    named it; `loopback` says so of every loopback host; `allow_private` lifts the ban of private
    addresses, and of plain http to them.
    """

    home: str | None = None
    loopback: bool = False
    allow_private: bool = False

    @classmethod
    def of(cls, url: str, *, allow_private: bool = False) -> "Policy":
        """The policy for what a server at `url`, named by the user, hands out."""
        host = _host(url)
        return cls(home=host if is_local(host) else None, allow_private=allow_private)

    def check_form(self, url: str) -> None:
        """Refuse what no address could make right. Raises Refused."""
        host, scheme = _host(url), urlsplit(url).scheme
        if scheme == "https" or (scheme == "http" and (self.allow_private or self._trusts(host))):
            return
        raise Refused(f"{shown(url)} is not https")

    def check_address(self, host: str, address: Address) -> None:
        """Refuse an address that `host` must not have. Raises Refused."""
        if address.is_multicast or address.is_unspecified:
            raise Refused(f"{host} has the address {address}, which is nobody's")
        if is_public(address) or self.allow_private:
            return
        if address.is_loopback and self._trusts(host):
            return
        raise Refused(f"{host} has the private or reserved address {address}")

    def _trusts(self, host: str) -> bool:
        return host == self.home or (self.loopback and is_local(host))

    async def resolve(self, host: str, port: int) -> list[str]:
        """The addresses of `host`, which may all be asked. Raises Refused; OSError for none."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except UnicodeError:
            raise Refused(f"{host} is no host name") from None
        addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
        for text in addresses:
            self.check_address(host, ipaddress.ip_address(text))
        return list(dict.fromkeys(addresses))


def shown(url: str) -> str:
    """A URL as it may be shown: without user, query and fragment."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def origin(url: str) -> str:
    """Scheme, host and port (RFC 6454), with the port spelled out."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def transport(policy: Policy, observe: Observe | None = None) -> "httpx2.AsyncBaseTransport":
    """Sends requests as `policy` allows; raises Refused for the others. To be closed.

    Parameters: `observe` is told of each exchange.
    """
    import httpx2

    class Guarded(httpx2.AsyncBaseTransport):
        def __init__(self) -> None:
            self._tls = httpx2.create_ssl_context()
            self._pools: dict[str, httpx2.AsyncHTTPTransport] = {}

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            began, outcome = time.monotonic(), "no answer"
            try:
                response = await self._handle(request)
            except (Refused, OSError, httpx2.HTTPError) as error:
                outcome = type(error).__name__
                raise
            else:
                outcome = str(response.status_code)
                return response
            finally:
                if observe is not None:
                    took = (time.monotonic() - began) * 1000
                    observe(request.method, shown(str(request.url)), outcome, took)

        async def _handle(self, request: httpx2.Request) -> httpx2.Response:
            url = request.url
            policy.check_form(str(url))
            port = url.port or (443 if url.scheme == "https" else 80)
            addresses = await policy.resolve(url.host, port)
            # What was checked is what is connected to. A pool finds its connections by address: one
            # whose certificate was checked for a name must not serve another name there.
            pool = self._pools.get(url.host)
            if pool is None:
                pool = self._pools[url.host] = httpx2.AsyncHTTPTransport(verify=self._tls)
            *others, last = addresses
            for address in others:
                try:
                    return await pool.handle_async_request(_pinned(request, address))
                except httpx2.ConnectError:
                    continue  # nothing was sent
            return await pool.handle_async_request(_pinned(request, last))

        async def aclose(self) -> None:
            for pool in self._pools.values():
                await pool.aclose()
            self._pools.clear()

    return Guarded()


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host:
        raise Refused("an address without a host, or one that can't be read")
    return host


def _pinned(request: "httpx2.Request", address: str) -> "httpx2.Request":
    """The request to one address; the name stays for TLS and `Host`.

    A new one, since the caller may send its own again, which is then to be checked by its name.
    """
    import httpx2

    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )


def is_local(host: str) -> bool:
    """Whether a host in a URL is this machine's loopback by its very name."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_public(address: Address) -> bool:
    """Whether an address is of the public internet, and not another one in disguise."""
    if isinstance(address, ipaddress.IPv6Address) and (
        address.ipv4_mapped is not None or address.sixtofour is not None or address in _NAT64
    ):
        return False
    return address.is_global and not address.is_multicast
