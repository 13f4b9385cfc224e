"""Work that no signal may break off half-way: what it used up would be lost.

It runs in a thread of its own, whichever thread asks for it. Who ends the process waits for such
work, for so long and no longer: `finish` at its end, and `guard` where SIGTERM would be its end.
"""

import os
import signal
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Condition, Thread, current_thread, main_thread
from typing import TypeVar

from reconciler.providers.failures import Interrupted

T = TypeVar("T")
PATIENCE = 20.0
"""Seconds that the end of the process waits for what is under way."""


class _UnderWay:
    """How much is under way; reentrant, since a handler of signals may come in at any place."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._count = 0
        self._over = False

    def begin(self) -> None:
        """One more. Raises Interrupted when the process is about to end."""
        with self._changed:
            if self._over:
                raise Interrupted("interrupted before a session was renewed")
            self._count += 1

    def end(self) -> None:
        """One less."""
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def finish(self, seconds: float) -> bool:
        """Let nothing more begin, and wait for what has; whether it has all ended."""
        with self._changed:
            self._over = True
            if self._count:
                # Not by a stream: whoever was interrupted may hold its lock.
                words = f"waiting until the session is written down, at most {seconds:.0f} s\n"
                os.write(2, words.encode())
            return self._changed.wait_for(lambda: self._count == 0, timeout=seconds)


_under_way = _UnderWay()


def to_the_end(call: Callable[[], T]) -> T:
    """The result of `call`, which no signal ends half-way. Raises Interrupted when the process is
    about to end."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            future.set_exception(error)
        finally:
            _under_way.end()

    _under_way.begin()
    try:
        Thread(target=run, name="renewal", daemon=True).start()
    except BaseException:
        _under_way.end()
        raise
    try:
        return future.result()
    except KeyboardInterrupt:
        with suppress(TimeoutError):
            future.exception(PATIENCE)
        raise


def guard() -> None:
    """From here on, SIGTERM ends the process once nothing is under way.

    Only where it would end the process at once, and in the main thread, where alone that can be
    said: a run that writes has a handler of its own, and waits when it ends.
    """
    if current_thread() is main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminated)


def finish() -> None:
    """At the end of the process: wait for what is under way, whatever else is pressed."""
    if current_thread() is main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    _under_way.finish(PATIENCE)


def _terminated(number: int, _frame: object) -> None:
    _under_way.finish(PATIENCE)
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
