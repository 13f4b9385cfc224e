"""Guards every request to an address that a remote server handed out.

MCP authorization, security considerations: such addresses are the attacker's choice. So: https
only, no private, link-local or reserved address, the address that was checked is the one that is
connected to, redirects are not followed, no answer is read beyond its bound. What the user probes
on loopback may use the same host.
"""

import asyncio
import ipaddress
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.bounds import ENCODINGS, Body, Garbled, TooMuch

if TYPE_CHECKING:
    import httpx2

MOST_BYTES = 4 * 2**20
"""Of one answer, decompressed: a list of tools has some hundred KiB; in memory, small values take
up to a hundred times what they take on the wire."""
MOST_VALUES = 250_000
"""Of JSON in one answer, by its commas and brackets."""
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

    Reading an answer raises TooMuch beyond MOST_BYTES or MOST_VALUES: the libraries on top read
    answers whole.

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
                asked = request.headers.get("accept-encoding", "")
                response = _bounded(await self._handle(request), plain=asked == "identity")
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


def _bounded(response: "httpx2.Response", *, plain: bool) -> "httpx2.Response":
    """The answer, decompressed within bounds while it is read; not at all where it was asked for
    `plain`."""
    import httpx2

    assert isinstance(response.stream, httpx2.AsyncByteStream)
    inner: httpx2.AsyncByteStream = response.stream
    encoding = response.headers.get("content-encoding", "")

    class Bounded(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            values = 0
            try:
                if plain and encoding not in ("", "identity"):
                    raise Garbled("it is compressed, which wasn't asked for")
                body = Body(encoding, MOST_BYTES)
                async for part in inner:
                    said = body.take(part)
                    values += said.count(b",") + said.count(b"[") + said.count(b"{")
                    if values > MOST_VALUES:
                        raise TooMuch(f"sends more than {MOST_VALUES:,} values in one answer")
                    yield said
                body.end()
            except Garbled as error:
                raise httpx2.DecodingError(str(error)) from None

        async def aclose(self) -> None:
            await inner.aclose()

    if encoding and not plain:
        del response.headers["content-encoding"]
        response.headers.pop("content-length", None)  # it counts what is compressed
    response.stream = Bounded()
    return response


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
    """The request to one address; the name stays for TLS and `Host`, and only what can be
    decompressed is asked for.

    A new one, since the caller may send its own again, which is then to be checked by its name.
    """
    import httpx2

    headers = request.headers.copy()
    if headers.get("accept-encoding") != "identity":
        headers["accept-encoding"] = ENCODINGS
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=headers,
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
