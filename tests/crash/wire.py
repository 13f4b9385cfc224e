"""The wire between the command line and the sandbox: it counts calls, and can spoil one.

Requests and answers pass as they are, byte for byte; what is done to a chosen call is a `Deed`.
"""

import re
import select
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_PATIENCE = 60.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(kw_only=True)
class Call:
    """One call that came by; `forwarded` says whether the workspace got it."""

    number: int
    method: str
    target: str
    body: bytes = field(repr=False)
    forwarded: bool = False
    answered: int | None = None

    @property
    def path(self) -> str:
        """Its path, without the query (which may hold a secret)."""
        return urlsplit(self.target).path

    def same(self, other: "Call") -> bool:
        """Whether it is the same request once more."""
        return (self.method, self.target, self.body) == (other.method, other.target, other.body)


class HungUp(Exception):
    """The connection is to be closed now."""


class Exchange:
    """A call under way, in the hands of a deed."""

    def __init__(self, call: Call, client: socket.socket, forward: Callable[[], bytes]) -> None:
        self.call = call
        self._client = client
        self._forward = forward

    def forward(self) -> bytes:
        """Let the workspace have it; the whole answer."""
        self.call.forwarded = True
        answer = self._forward()
        self.call.answered = int(answer[9:12])
        return answer

    def answer(self, data: bytes) -> None:
        """Send bytes to the caller; one that is gone doesn't hear them."""
        try:
            self._client.sendall(data)
        except OSError as error:
            raise HungUp from error

    def reset(self) -> None:
        """Break the connection off (RST)."""
        option = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # linger on, for 0 s
        self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
        raise HungUp

    def hang_up(self) -> None:
        """Close the connection."""
        raise HungUp

    def wait_for_caller(self, seconds: float = _PATIENCE) -> bool:
        """Wait until the caller hangs up; False when it didn't in time."""
        return bool(select.select([self._client], [], [], seconds)[0])


Deed = Callable[[Exchange], None]


class Wire:
    """A loopback port in front of the sandbox, as a context manager; `url` stands for its."""

    url: str

    def __init__(self, target: str) -> None:
        split = urlsplit(target)
        self._target = (split.hostname or "", split.port or 80)
        self._change = threading.Condition()
        self._busy = 0
        self._stubborn = False
        self._number: int | None = None
        self._struck: Call | None = None
        self._deed: Deed | None = None
        self._threads: list[threading.Thread] = []
        self._listener = socket.socket()
        self.calls: list[Call] = []

    def start(
        self, *, number: int | None = None, deed: Deed | None = None, stubborn: bool = False
    ) -> None:
        """Count from 0 again, and do `deed` to one call; if `stubborn`, to its repeats as well."""
        with self._change:
            self.calls = []
            self._number, self._deed, self._stubborn = number, deed, stubborn
            self._struck = None

    def drain(self) -> list[Call]:
        """Wait until no call is under way; all calls since `start`."""
        with self._change:
            assert self._change.wait_for(lambda: not self._busy, _PATIENCE), "a call hangs"
            return list(self.calls)

    def _begin(self, method: str, target: str, body: bytes) -> tuple[Call, Deed | None]:
        with self._change:
            call = Call(number=len(self.calls), method=method, target=target, body=body)
            self.calls.append(call)
            self._busy += 1
            again = self._stubborn and self._struck is not None and call.same(self._struck)
            if call.number == self._number:
                self._struck = call
            return call, self._deed if call.number == self._number or again else None

    def _end(self) -> None:
        with self._change:
            self._busy -= 1
            self._change.notify_all()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._target, _PATIENCE) as upstream:
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                while whole := _message(client):
                    self._exchange(client, upstream, whole)
            except (HungUp, OSError):
                return

    def _exchange(self, client: socket.socket, upstream: socket.socket, whole: bytes) -> None:
        head, _, body = whole.partition(b"\r\n\r\n")
        method, target, _ = head.partition(b"\r\n")[0].decode("ascii").split(" ")
        call, deed = self._begin(method, target, body)

        def forward() -> bytes:
            upstream.sendall(whole)
            return _message(upstream)

        try:
            (deed or _pass)(Exchange(call, client, forward))
        finally:
            self._end()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(client,))
            self._threads = [each for each in self._threads if each.is_alive()]
            self._threads.append(thread)
            thread.start()

    def __enter__(self) -> Self:
        self._listener.close()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        deadline = time.monotonic() + _PATIENCE
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))


def _pass(exchange: Exchange) -> None:
    exchange.answer(exchange.forward())


def _message(source: socket.socket) -> bytes:
    """One HTTP message whole; empty when the other side has hung up."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = source.recv(65536)
        if not more:
            return b""
        data += more
    end = data.index(b"\r\n\r\n")
    length = _LENGTH.search(data, 0, end + 2)
    missing = end + 4 + int(length[1] if length else 0) - len(data)
    while missing > 0:
        more = source.recv(65536)
        if not more:
            return b""
        data += more
        missing -= len(more)
    return data
