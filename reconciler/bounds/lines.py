"""The connections of a client, and the end of patience with one that never gets to an answer.

The HTTP library bounds each wait for a byte, not how often it waits: interim answers (1xx), or
headers a byte at a time, would keep a call waiting for ever.
"""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event, Lock, Timer
from typing import Any
from weakref import WeakSet

_OPENED = ("connect_tcp.complete", "start_tls.complete")


class Lines:
    """The open connections of one client."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: WeakSet[socket.socket] = WeakSet()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """What the HTTP library tells of a request (its extension `trace`)."""
        if event.endswith(_OPENED):
            with self._lock:
                self._open.add(info["return_value"].get_extra_info("socket"))

    @contextmanager
    def patience(self, seconds: float) -> Iterator[Event]:
        """Cut all connections in so many seconds, unless the event is set before.

        All of them: which one a request goes through isn't known until it is answered, and they
        lead to the same server.
        """
        answered = Event()
        timer = Timer(seconds, self._cut, (answered,))
        timer.daemon = True
        timer.start()
        try:
            yield answered
        finally:
            answered.set()
            timer.cancel()

    def _cut(self, answered: Event) -> None:
        if answered.is_set():
            return
        with self._lock:
            for line in list(self._open):
                with suppress(OSError):
                    # Not the method of a TLS socket, which others could then write to in clear.
                    socket.socket.shutdown(line, socket.SHUT_RDWR)
