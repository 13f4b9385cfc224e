"""A lease: who has a state, since when, and until when unless it is renewed.

A lock of the operating system dies with its process, but only where both can be seen. A lease is
for everybody else: another machine on a shared disk, a bucket, a database. Its holder renews it
while it lives; one that missed its renewals is dead, or has to find out that it lost the lock
before it writes anything more.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The run that holds a lock; `job` is where to look at it, for a run of a pipeline."""

    user: str
    host: str
    pid: int
    job: str | None = None

    @property
    def name(self) -> str:
        """What `unlock` wants to be told, so that nobody unlocks another run by mistake."""
        return f"{self.user}@{self.host}:{self.pid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A hold on a state, as its holder last wrote it down.

    `id` is random and one hold's own. `machine` tells where the holder's process can be seen.
    `renewed` is its last sign of life; it holds good for `length` from then on.
    """

    id: str
    owner: Owner
    machine: str
    since: datetime
    renewed: datetime
    length: timedelta

    @property
    def ends(self) -> datetime:
        """When it ends, unless it is renewed."""
        return self.renewed + self.length

    @property
    def text(self) -> str:
        """Who, since when, and where to look."""
        job = f" ({self.owner.job})" if self.owner.job else ""
        return f"{self.owner.name} since {show(self.since)}{job}"

    def at(self, now: datetime) -> "Lease":
        """The same, renewed."""
        return replace(self, renewed=now)


def show(time: datetime) -> str:
    """A time as people read it."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def lease_json(lease: Lease) -> dict[str, Any]:
    """A lease as JSON."""
    owner = lease.owner
    job = {"job": owner.job} if owner.job else {}
    return {
        "id": lease.id,
        "owner": owner.name,
        "user": owner.user,
        "host": owner.host,
        "pid": owner.pid,
        **job,
        "machine": lease.machine,
        "since": lease.since.isoformat(),
        "renewed": lease.renewed.isoformat(),
        "seconds": lease.length.total_seconds(),
    }


def parse_lease(text: str) -> Lease | None:
    """The lease that `lease_json` made; None for any other text."""
    try:
        value = json.loads(text)
        job = value.get("job")
        return Lease(
            id=str(value["id"]),
            owner=Owner(
                user=str(value["user"]),
                host=str(value["host"]),
                pid=int(value["pid"]),
                job=None if job is None else str(job),
            ),
            machine=str(value["machine"]),
            since=_time(value["since"]),
            renewed=_time(value["renewed"]),
            length=timedelta(seconds=float(value["seconds"])),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("a time without its zone")
    return time
