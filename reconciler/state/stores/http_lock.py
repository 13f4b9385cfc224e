"""A lock as Terraform's HTTP protocol describes one, and as servers tell of it."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from reconciler.state.lease import Lease, Owner, lease_json, parse_lease
from reconciler.state.locking import new_lease

_ENDLESS = timedelta(days=36525)
"""The protocol knows no end of a lock."""
_ID_LIMIT = 255  # GitLab's


def endless_lease(owner: Owner) -> Lease:
    """A lease whose id names its owner, which is all that some servers tell of a lock."""
    lease = new_lease(owner, _ENDLESS)
    return replace(lease, id=f"{lease.id}.{lease.owner.name}"[:_ID_LIMIT])


def lock_info(lease: Lease, url: str) -> dict[str, str]:
    """A lock as Terraform describes one."""
    return {
        "ID": lease.id,
        "Operation": "apply",
        "Info": json.dumps(lease_json(lease)),
        "Who": lease.owner.name,
        "Version": "reconciler",
        "Created": lease.since.isoformat(),
        "Path": urlsplit(url).path,
    }


def holder_of(text: str) -> Lease | None:
    """Who has the lock, from what the server says of it; None when it says nothing.

    GitLab tells the holder's id with the `Info` of whoever asked, so `Info` counts only with the
    id that is in it; `Who` is a user of GitLab's.
    """
    try:
        told = json.loads(text)
        id_, who, created = str(told["ID"]), str(told.get("Who") or ""), told.get("Created")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    lease = parse_lease(str(told.get("Info") or ""))
    if lease is not None and lease.id == id_:
        return lease
    owner = _owner(id_.partition(".")[2]) or _owner(who) or Owner(user=who or "?", host="?", pid=0)
    since = _time(created)
    return Lease(id=id_, owner=owner, machine="", since=since, renewed=since, length=_ENDLESS)


def _owner(name: str) -> Owner | None:
    found = re.fullmatch(r"(.+)@([^@]+):([0-9]{1,10})", name)
    return found and Owner(user=found[1], host=found[2], pid=int(found[3]))


def _time(text: Any) -> datetime:
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return datetime.now(UTC)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
