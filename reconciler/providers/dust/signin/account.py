"""Who an access token belongs to, and where that person may do what."""

from dataclasses import dataclass

from reconciler.providers.contract import Connection
from reconciler.providers.dust.retries import Backoff
from reconciler.providers.dust.sessions import ReadClient
from reconciler.providers.dust.wire import ME


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A workspace that the person belongs to."""

    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The person."""

    email: str
    name: str
    workspaces: tuple[Place, ...]


def read_account(connection: Connection) -> Account:
    """Ask the platform (`GET /api/v1/me`). Raises ProviderError."""
    client = ReadClient(connection, Backoff())
    try:
        person = client.get_public("/api/v1/me", ME).user
    finally:
        client.close()
    places = (Place(id=each.s_id, name=each.name, role=each.role) for each in person.workspaces)
    return Account(
        email=person.email,
        name=person.full_name or "",
        workspaces=tuple(sorted(places, key=lambda place: (place.name.casefold(), place.id))),
    )
