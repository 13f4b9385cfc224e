"""What passes by on the wire while the SDK speaks: it folds refusals into words of its own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from reconciler.authorization import Refused
from reconciler.bounds import TooMuch, size_of
from reconciler.discovery.findings import Transport

if TYPE_CHECKING:
    import httpx2

_HEAD_LIMIT = 64 * 1024
_MOST_BYTES = 16 * 2**20  # of all answers of one attempt together
_REFUSALS, _FAULTS = 300, 400


@dataclass(slots=True, kw_only=True)
class Seen:
    """What one attempt to connect saw.

    `status` and `challenge` are those of the last refusal; `refused` what wasn't asked, and why;
    `excess` says which bound was exceeded, if one was; `broken` is set when the exchange can't go
    on, for the SDK would wait for an answer, or ask again.
    """

    transport: Transport
    status: int | None = None
    challenge: str = ""
    answered: bool = False
    excess: str = ""
    size: int = 0
    refused: list[str] = field(default_factory=list)
    broken: asyncio.Event = field(default_factory=asyncio.Event)

    def counts(self, method: str) -> bool:
        """Whether a refusal of this method is one of the whole attempt."""
        return method == "POST" or self.transport is Transport.SSE

    def refuse(self, words: str) -> None:
        """Note what isn't asked."""
        self.refused.append(words)
        self.broken.set()

    def exceed(self, words: str) -> TooMuch:
        """Note that the server sent too much; what to raise, which the SDK may swallow."""
        self.excess = self.excess or words
        self.broken.set()
        return TooMuch(words)

    def weigh(self, part: bytes) -> None:
        """Count what came. Raises TooMuch."""
        self.size += len(part)
        if self.size > _MOST_BYTES:
            raise TooMuch(f"sends more than {size_of(_MOST_BYTES)} in all")

    def look(self, method: str, url: str, response: "httpx2.Response") -> None:
        """Note how a request was answered."""
        self.answered = True
        if not self.counts(method):
            return
        refused = response.status_code >= _REFUSALS
        self.status = response.status_code if refused else None
        if not refused:
            return
        self.challenge = ", ".join(response.headers.get_list("www-authenticate"))
        leaves = not _stays(url, response.headers.get("location", ""))
        if self.transport is Transport.SSE and (response.status_code >= _FAULTS or leaves):
            self.broken.set()


def recording(inner: "httpx2.AsyncBaseTransport", seen: Seen) -> "httpx2.AsyncBaseTransport":
    """`inner`, watched; closing it leaves `inner` open for the next step."""
    import httpx2

    class Recording(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            method, url = request.method, str(request.url)
            try:
                response = await inner.handle_async_request(request)
            except Refused as error:
                seen.refuse(str(error))
                raise
            except Exception:
                if seen.transport is Transport.SSE:
                    seen.broken.set()
                raise
            seen.look(method, url, response)
            assert isinstance(response.stream, httpx2.AsyncByteStream)
            opens = seen.transport is Transport.SSE and method == "GET"
            response.stream = watched(response.stream, url, seen, opens=opens)
            return response

        async def aclose(self) -> None:
            """What it watches stays open for the next step."""

    return Recording()


def watched(
    inner: "httpx2.AsyncByteStream", url: str, seen: Seen, *, opens: bool
) -> "httpx2.AsyncByteStream":
    """An answer that is weighed; of an event stream that `opens` SSE, the first events are read
    along."""
    import httpx2

    class Watched(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            head, watching = b"", opens
            try:
                async for part in inner:
                    seen.weigh(part)
                    if watching:
                        head += part
                        event = opening(head)
                        watching = event is None and len(head) < _HEAD_LIMIT
                        if event is not None:
                            _judge(event, url, seen)
                    yield part
            except TooMuch as error:
                seen.exceed(str(error))
                raise

        async def aclose(self) -> None:
            await inner.aclose()

    return Watched()


def opening(head: bytes) -> tuple[str, str] | None:
    """Name and data of the first whole event that matters: `endpoint`, or a message."""
    text = head.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    for block in text.split("\n\n")[:-1]:
        fields = [line.partition(":") for line in block.split("\n")]
        values = [(name, value.removeprefix(" ")) for name, _, value in fields]
        event = dict(values).get("event", "message")
        data = "\n".join(value for name, value in values if name == "data")
        if event == "endpoint" or (event == "message" and data):
            return event, data
    return None


def _judge(event: tuple[str, str], url: str, seen: Seen) -> None:
    """MCP 2024-11-05, transports: the first event says where messages go. Raises Refused."""
    name, place = event
    if name != "endpoint":
        seen.broken.set()  # the SDK would wait for one for ever
    elif not _stays(url, place):
        words = "its event stream names a message endpoint on another host"
        seen.refuse(words)
        raise Refused(words)


def _stays(url: str, place: str) -> bool:
    """Whether a place, relative to a URL, is on the very same host (as the SDK compares them)."""
    try:
        there, here = urlsplit(urljoin(url, place)), urlsplit(url)
    except ValueError:
        return False
    return (there.scheme, there.netloc) == (here.scheme, here.netloc)
