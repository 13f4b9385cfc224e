"""How long a saved plan counts: durations as people write them, moments as plans hold them."""

import re
from datetime import UTC, datetime, timedelta

from reconciler.diagnostics import count

LIFETIME = timedelta(days=7)
"""A plan's life when nobody says otherwise: over a weekend, but not over a holiday."""
LONGEST = timedelta(days=90)
_DURATION = re.compile(r"([1-9][0-9]{0,7})(s|m|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_duration(text: str, *, longest: timedelta = LONGEST) -> timedelta:
    """`90m`, `24h`, `7d` or `2w` as a duration; ValueError for any other, or over `longest`."""
    found = _DURATION.fullmatch(text.strip().lower())
    if not found:
        raise ValueError("expected a number and a unit, such as 90m, 24h, 7d or 2w")
    duration = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if duration > longest:
        raise ValueError(f"expected {count(longest.days, 'day')} at most")
    return duration


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def moment(time: datetime) -> str:
    """A time as plans hold it: ISO 8601 in UTC, to the second."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_moment(text: str) -> datetime:
    """The time that `moment` wrote. Raises ValueError."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def show_moment(text: str) -> str:
    """A moment of a plan as people read it."""
    return text.replace("T", " ").removesuffix("Z") + " UTC"
