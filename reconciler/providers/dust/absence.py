"""Absence is proved by the object, not by a list: what a list lacks is asked for by its id.

A list can be cut short, filtered, or come from a replica that lags behind. Only the platform's own
404 about the object itself says that it is gone; every other 404 may be a proxy's, or about
something else.
"""

from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter

from reconciler.providers.dust.sessions import ReadClient, WriteClient
from reconciler.providers.dust.wire import SPACE_DETAIL
from reconciler.providers.dust.wire_servers import SERVER_DETAIL
from reconciler.providers.failures import IncompleteRead, NotFound

MOST_ASKED = 500
"""So many objects of a kind are asked for at most; a list that lacks more isn't whole."""

_ASKED = 2
"""How often it has to say so: what follows can't be undone, and one replica of several may lag."""

_PLACES: dict[str, tuple[str, TypeAdapter[Any]]] = {
    "Space": ("/spaces", SPACE_DETAIL),
    "MCPServer": ("/mcp", SERVER_DETAIL),
}
# Dust API: servers go by the first of these when they are read, by the second when written.
_GONE = {
    "Space": frozenset({"space_not_found"}),
    "MCPServer": frozenset({"data_source_not_found", "mcp_server_not_found"}),
}


def prove_absent(
    client: ReadClient | WriteClient, kind: str, remote_id: str, *, lacking: str = ""
) -> None:
    """Return when the platform itself says that the object isn't there.

    Parameters: `lacking` is the call that doesn't know it; the list of its kind unless told.

    Raises IncompleteRead when it is, or when the 404 isn't about it; ProviderError.
    """
    path, adapter = _PLACES[kind]
    for _ in range(_ASKED):
        try:
            client.get(f"{path}/{quote(remote_id, safe='')}", adapter)
        except NotFound as error:
            if error.kind in _GONE[kind]:
                continue
            raise IncompleteRead(
                f"{error.call} was answered with a 404 that isn't about {remote_id}: "
                f"{error.message}",
                call=error.call,
                status=error.status,
                help=("check that `url` is the API's address, and what stands in between",),
            ) from error
        raise at_odds(
            f"{lacking or f'GET {path}'} doesn't know {remote_id}, which "
            f"GET {path}/{remote_id} shows"
        )


def at_odds(what: str) -> IncompleteRead:
    """The failure for two answers of which one must be wrong, or old."""
    return IncompleteRead(
        f"the workspace's answers contradict each other: {what}",
        help=("one of them is incomplete or old: try again",),
    )
