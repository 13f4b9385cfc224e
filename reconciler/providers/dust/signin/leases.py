"""The right to renew a session that several machines share: for how long, and when it is over."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Self

from reconciler.providers.dust.signin.keepers import Keeper, KeeperTrouble, Overtaken
from reconciler.providers.dust.signin.kept_session import KeptSession, Renewing


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things take, in seconds, and by which clocks.

    Parameters: `lease` is for how long others believe in one that gives no sign of life, `beat`
    lies between two such signs, `slack` is what others wait beyond the lease; `skew` is how far
    clocks may be apart, `look` lies between two looks at what another does, `again` between the
    tries to write down what must not be lost.
    """

    lease: float = 15.0
    beat: float = 4.0
    slack: float = 5.0
    skew: float = 30.0
    look: float = 0.5
    again: tuple[float, ...] = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0)
    now: Callable[[], datetime] = field(default=_now)
    clock: Callable[[], float] = field(default=time.monotonic)
    sleep: Callable[[float], None] = field(default=time.sleep)


class Watch:
    """Tells when a lease has ended: by the time that it says, or when it has stood here for its
    whole length, so that a clock far behind makes nobody wait longer than that.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._version: int | None = None
        self._since = 0.0

    def ended(self, lease: Renewing, version: int) -> bool:
        """Whether its holder is to be taken for dead; `version` is of what it is written in."""
        if version != self._version:
            self._version, self._since = version, self._pace.clock()
        stood = self._pace.clock() - self._since
        skew = timedelta(seconds=self._pace.skew)
        return lease.left or self._pace.now() > lease.until + skew or stood > self.longest(lease)

    def longest(self, lease: Renewing) -> float:
        """How many seconds a lease is waited for, if its holder gives no sign of life."""
        return (lease.until - lease.since).total_seconds() + self._pace.slack


class SignsOfLife:
    """Writes a lease anew, again and again, while its holder waits for the identity provider.

    Parameters: `claim` is the session with the lease, which is kept as `version` since `began`, by
    the clock of `pace`. A context manager; afterwards `version` is where the session is, None when
    that has to be looked up.
    """

    def __init__(
        self, keeper: Keeper, claim: KeptSession, version: int, began: float, pace: Pace
    ) -> None:
        self.version: int | None = version
        self._keeper = keeper
        self._claim = claim
        self._last = began
        self._pace = pace
        self._over = Event()
        self._thread = Thread(target=self._go_on, name="signs-of-life", daemon=True)

    def in_time(self) -> bool:
        """Whether there is time to begin something before others take us for dead."""
        return self._pace.clock() - self._last + self._pace.beat <= self._pace.lease

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(self._pace.lease)
        if self._thread.is_alive():
            self.version = None  # a write is under way, whose end nobody knows

    def _go_on(self) -> None:
        while not self._over.wait(self._pace.beat) and self.version is not None:
            began, now = self._pace.clock(), self._pace.now()
            lease = self._claim.renewing
            assert lease is not None, "a claim has one"
            until = now + timedelta(seconds=self._pace.lease)
            renewed = replace(self._claim, renewing=replace(lease, since=now, until=until))
            try:
                self.version, self._last = self._keeper.write(renewed, self.version), began
            except (Overtaken, KeeperTrouble):
                self.version = None  # it is another's by now, or can't be written for the moment
