"""The right to renew a session that several machines share: for how long, and when it is over."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from reconciler.providers.dust.signin.kept_session import Renewing


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things take, in seconds, and by which clocks.

    Parameters: `lease` is for how long one renews before others take it for dead, `request` what
    one request to the identity provider may take (`login_client`: 10 to connect, 30 to answer),
    `skew` how far clocks may be apart, `look` lies between two looks at what another does, `again`
    between the tries to write down what must not be lost.
    """

    lease: float = 120.0
    request: float = 45.0
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
        return (
            lease.left
            or self._pace.now() > lease.until + skew
            or stood > (lease.until - lease.since + skew).total_seconds()
        )
