"""Dust as a provider: forecasts are pure, sessions are opened when needed."""

from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.providers.contract import Connection
from reconciler.providers.dust import servers_consequences, servers_plan, spaces_plan
from reconciler.resources import Change, Operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.providers.dust.reader import DustReader
    from reconciler.providers.dust.retries import Backoff
    from reconciler.providers.dust.writer import DustWriter

_REGIONS = {"us": "https://dust.tt", "eu": "https://eu.dust.tt"}
_OPERATIONS = {"Space": spaces_plan.operations, "MCPServer": servers_plan.operations}
_CONSEQUENCES = {
    "Space": spaces_plan.consequences,
    "MCPServer": servers_consequences.consequences,
}


def region_url(region: str) -> str:
    """The origin of a region's API (`us` or `eu`); KeyError for any other."""
    return _REGIONS[region]


class DustProvider:
    """Spaces and remote MCP servers of a Dust workspace, over its private API.

    `backoff` is how long calls wait before they are repeated.
    """

    name = "dust"

    def __init__(self, backoff: "Backoff | None" = None) -> None:
        self._backoff = backoff

    def operations(self, change: Change) -> tuple[Operation, ...]:
        """The calls that the change takes, in order; pure."""
        return _OPERATIONS[change.address.kind](change)

    def consequences(self, change: Change) -> tuple[str, ...]:
        """What the change does beyond its fields, in words; pure."""
        return _CONSEQUENCES[change.address.kind](change)

    def breaks_users(self, change: Change) -> bool:
        """Whether agents and skills lose a server by the change; pure."""
        return change.address.kind == "MCPServer" and servers_consequences.breaks_users(change)

    def callbacks(self, connection: Connection) -> "Mapping[str, str]":
        """By auth mode: the redirect URI that the workspace reports. Raises ProviderError.

        Dust API: `GET /oauth/{provider}/redirect_uri`.
        """
        from reconciler.providers.dust.goals import PROVIDERS
        from reconciler.providers.dust.sessions import ReadClient
        from reconciler.providers.dust.wire_servers import REDIRECT_URI

        client = ReadClient(connection, self._waits())
        try:
            return {
                mode: client.get(f"/oauth/{provider}/redirect_uri", REDIRECT_URI).redirect_uri
                for mode, provider in PROVIDERS.items()
            }
        finally:
            client.close()

    @contextmanager
    def reader(self, connection: Connection) -> "Iterator[DustReader]":
        """A session that can't write. Raises Forbidden for a token that can't be one."""
        from reconciler.providers.dust.reader import DustReader
        from reconciler.providers.dust.sessions import ReadClient

        client = ReadClient(connection, self._waits())
        try:
            yield DustReader(client)
        finally:
            client.close()

    @contextmanager
    def writer(self, connection: Connection) -> "Iterator[DustWriter]":
        """A session that can. Raises Forbidden for a token that can't be one."""
        from reconciler.providers.dust.sessions import WriteClient
        from reconciler.providers.dust.writer import DustWriter

        client = WriteClient(connection, self._waits())
        try:
            yield DustWriter(client)
        finally:
            client.close()

    def _waits(self) -> "Backoff":
        from reconciler.providers.dust.retries import Backoff

        return self._backoff or Backoff()
