"""Signs of life in the background, while a lock is held."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread

from reconciler.state.failures import StateError, StateLost

LEASE = timedelta(seconds=90)
"""How long a lease is good for without a sign of life."""
_BEATS = 4  # signs of life in one lease, so that a few may fail


@contextmanager
def beating(beat: Callable[[], None], *, lease: timedelta) -> Iterator[None]:
    """Signs of life for as long as the block runs; see `Heartbeat`."""
    heart = Heartbeat(beat, lease=lease)
    heart.begin()
    try:
        yield
    finally:
        heart.end()


class Heartbeat:
    """Calls `beat` a few times in each `lease`, until `end` or until it raises StateLost."""

    def __init__(self, beat: Callable[[], None], *, lease: timedelta) -> None:
        self._beat = beat
        self._every = lease.total_seconds() / _BEATS
        self._over = Event()
        self._thread = Thread(target=self._keep_alive, name="lease", daemon=True)

    def begin(self) -> None:
        """Go on beating from now on."""
        self._thread.start()

    def end(self) -> None:
        """Beat no more; returns when the last beat is over."""
        self._over.set()
        self._thread.join()

    def _keep_alive(self) -> None:
        while not self._over.wait(self._every):
            try:
                self._beat()
            except StateLost:
                return  # whoever writes next is told
            except StateError:
                continue  # a full disk, or a network, may be well again by the next beat
