"""Calls in parallel that end early: at the first failure, or when the user interrupts.

The threads are daemons: an interrupted program doesn't wait for answers that nobody wants any
more (those of `concurrent.futures` are joined at exit).
"""

from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, Self, TypeVar

from reconciler.providers.failures import Interrupted

T = TypeVar("T")
_GLANCE = 0.2  # seconds between looks at the interrupt flag


class Parallel:
    """At most `limit` calls at a time, as a context manager.

    Leaving it by an exception drops the calls that haven't begun, and waits for none; Ctrl-C
    also sets `stop`, so that calls that wait give up.
    """

    def __init__(self, limit: int, stop: Event) -> None:
        self._limit = max(limit, 1)
        self._stop = stop
        self._waiting: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._futures: list[Future[Any]] = []
        self._threads = 0
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            return
        for future in self._futures:
            future.cancel()
        if not issubclass(kind, Exception):
            self._stop.set()

    def start(self, call: Callable[[], T]) -> Future[T]:
        """Have `call` made; its result is there after `finish`."""
        future: Future[T] = Future()
        self._futures.append(future)
        with self._lock:
            self._waiting.put(lambda: _run(future, call))
            spare = self._threads < self._limit
            self._threads += spare
        if spare:
            Thread(target=self._work, daemon=True, name="dust-read").start()
        return future

    def finish(self) -> None:
        """Wait for all calls. Raises what the first failed one raised; Interrupted."""
        pending: set[Future[Any]] = set(self._futures)
        while pending:
            done, pending = wait(pending, timeout=_GLANCE, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
            if self._stop.is_set():
                raise Interrupted("interrupted while reading the workspace")

    def _work(self) -> None:
        while True:
            try:
                call = self._waiting.get_nowait()
            except Empty:
                with self._lock:
                    # Looked at again under the lock: a call may have been added meanwhile.
                    if self._waiting.empty():
                        self._threads -= 1
                        return
            else:
                call()


def _run(future: Future[T], call: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - handed on to whoever asks for the result
        future.set_exception(error)
    else:
        future.set_result(result)
