"""Whose a lock is by now: our own before each write, and another's before it is taken over.

The clocks of two machines are never compared, for either may be wrong by hours. Each side counts by
its own, which goes on while the machine sleeps: a run that slept has to look before it writes, and
whoever waits for a lock takes it over when it was seen not to change for the whole of its lease.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import RLock

from reconciler.state.failures import StateLocked, StateLost, StateUnreachable
from reconciler.state.lease import Lease

Clock = Callable[[], float]
"""Seconds since some moment in the past; it never goes back, and counts sleep."""

_FRESH = 0.2
"""Seconds for which a look at the lock counts: nothing unlocks a run and writes in less."""
_SLOW = 5.0
"""Seconds after which the answer to a look says too little of the lock as it is now."""
_LOOKS = 3
_LONGEST_WATCH = timedelta(minutes=5)
"""The longest lease that is watched by a run that wasn't asked to wait."""


def uptime() -> float:
    """Seconds since this machine was started, with those for which it slept.

    Linux: CLOCK_BOOTTIME (clock_gettime(2)). macOS: CLOCK_MONOTONIC_RAW, which goes on in sleep
    (clock_gettime(3)) where Python's own `time.monotonic` doesn't. Windows: `time.monotonic`, for
    GetTickCount64 and QueryPerformanceCounter both count sleep. Elsewhere `time.monotonic` is the
    best there is; where it stands still in sleep, the lock is looked at when the run is awake again
    only as often as without.
    """
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC_RAW)
    return time.monotonic()


class Vigil:
    """Knows whether a lock is still ours, and asks its store when that isn't certain.

    Parameters: `name` is how messages call the state; `look` asks the store, `renew` gives it a
    sign of life as well, and both raise StateLost when the lock is another's; `lease` is for how
    long others believe in it without one. Safe to use from several threads.
    """

    def __init__(
        self,
        name: str,
        *,
        look: Callable[[], None],
        renew: Callable[[], None],
        lease: timedelta,
        clock: Clock = uptime,
    ) -> None:
        self._name = name
        self._look = look
        self._renew = renew
        self._half = lease.total_seconds() / 2
        self._clock = clock
        self._lock = RLock()
        self._seen = self._renewed = clock()
        self._lost: StateLost | None = None

    def renew(self) -> None:
        """Give a sign of life. Raises StateLost, and whatever keeps the store from hearing it."""
        with self._lock:
            began = self._clock()
            with self.noticing():
                self._renew()
            self._seen = self._renewed = began

    def check(self) -> None:
        """Raise StateLost unless the lock was ours a moment ago; StateUnreachable if none can tell.

        What a moment is counts from before the store was asked: a process may be stopped anywhere,
        also between the store's answer and what it does with that.
        """
        with self._lock:
            for _ in range(_LOOKS):
                if self._lost is not None:
                    raise self._lost
                began = self._clock()
                if 0 <= began - self._seen < _FRESH:
                    return
                with self.noticing():
                    self._look()
                self._seen = began
                if not 0 <= began - self._renewed < self._half:
                    self.renew()  # whoever watches may take it over soon
                if self._clock() - began < _SLOW:
                    return
        raise StateUnreachable(
            self._name, "it takes so long to answer that nobody can tell whose the lock is"
        )

    @contextmanager
    def noticing(self) -> Iterator[None]:
        """Remember a StateLost that the block raises: whoever asks next needs no other look."""
        try:
            yield
        except StateLost as lost:
            self._lost = lost
            raise


class Sighting:
    """What was seen of another run's lease, for as long as somebody waits for it."""

    def __init__(self, clock: Clock = uptime) -> None:
        self._clock = clock
        self._lease: Lease | None = None
        self._since = 0.0
        self._alive = False

    def insist_on_end(self, name: str, lease: Lease) -> None:
        """Raise StateLocked unless `lease` was seen unchanged for its whole length.

        The times in it are its holder's, and only say whether it is worth watching unasked: it
        isn't while it looks alive, or was seen to live.
        """
        now, seen = self._clock(), self._lease
        if seen is None or seen.id != lease.id:
            age = datetime.now(UTC) - lease.renewed
            self._alive = abs(age) < lease.length
        elif seen != lease:
            self._alive = True
        if seen != lease:
            self._lease, self._since = lease, now
        left = lease.length - timedelta(seconds=now - self._since)
        if left <= timedelta(0):
            return
        doubtful = not self._alive and lease.length <= _LONGEST_WATCH
        raise StateLocked(name, lease, elsewhere=True, watch=left if doubtful else None)
