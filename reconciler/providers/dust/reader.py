"""The workspace as it is: as few calls as possible, in parallel, all or nothing."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar, cast
from urllib.parse import quote

from reconciler.providers.contract import Caller, ReadRequest
from reconciler.providers.dust import access
from reconciler.providers.dust.absence import MOST_ASKED, at_odds, prove_absent
from reconciler.providers.dust.directory import read_groups, read_members
from reconciler.providers.dust.live import full_space, live_server, outlined_space
from reconciler.providers.dust.parallel import Parallel
from reconciler.providers.dust.sessions import ReadClient
from reconciler.providers.dust.wire import (
    SPACE_DETAIL,
    SPACES,
    Group,
    Member,
    SpaceDetail,
    SpaceGroup,
    SpaceOutline,
)
from reconciler.providers.dust.wire_servers import (
    CONNECTIONS,
    SERVER_DETAIL,
    SERVERS,
    USAGE,
    VIEWS,
    Placement,
    Server,
    ServerDetail,
    User,
    View,
)
from reconciler.providers.failures import IncompleteRead, NotFound, Unexpected
from reconciler.resources import Directory, LiveResource, Snapshot, Users

T = TypeVar("T")


def insist_on_one_each(call: str, ids: Iterable[str]) -> None:
    """Raise Unexpected when a list has an object twice: which of the two holds isn't known."""
    seen: set[str] = set()
    for sid in ids:
        if sid in seen:
            raise Unexpected(
                f"{call} listed {sid} twice",
                call=call,
                help=("the list can't be relied on: try again",),
            )
        seen.add(sid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The spaces of a workspace: the two special ones, and those that people make."""

    system: str
    company: str
    regular: tuple[SpaceOutline, ...]

    @classmethod
    def of(cls, spaces: Iterable[SpaceOutline]) -> "Places":
        """Sort them out. Raises Unexpected when there isn't one system and one global space."""
        spaces = list(spaces)
        insist_on_one_each("GET /spaces", (space.s_id for space in spaces))
        by_kind: dict[str, list[SpaceOutline]] = {}
        for space in spaces:
            by_kind.setdefault(space.kind, []).append(space)
        for kind in ("system", "global"):
            if len(by_kind.get(kind, ())) != 1:
                raise Unexpected(
                    f"GET /spaces listed {len(by_kind.get(kind, ()))} spaces of kind {kind}; a "
                    "workspace has one",
                    call="GET /spaces",
                    help=("the list is incomplete: try again",),
                )
        regular = sorted(by_kind.get("regular", ()), key=lambda space: (space.name, space.s_id))
        return cls(
            system=by_kind["system"][0].s_id,
            company=by_kind["global"][0].s_id,
            regular=tuple(regular),
        )


class DustReader:
    """Knows GET alone."""

    def __init__(self, client: ReadClient) -> None:
        self._client = client

    def check_access(self) -> Caller:
        """Who calls. Raises Forbidden when that person can't manage the workspace."""
        return access.check_access(self._client)

    def snapshot(self, request: ReadRequest) -> Snapshot:
        """Read everything that planning needs.

        The number of lists is fixed, with one read more for each space of the request, and for
        each owned object that the lists lack. Where they and objects contradict each other, all is
        read once more. Raises ProviderError rather than return what may be partial.
        """
        before = self._client.calls
        at = self.now()
        try:
            found = self._read(request)
        except IncompleteRead:
            # Mostly something was made or deleted between two of the calls.
            at = self.now()
            found = self._read(request)
        return replace(found, calls=self._client.calls - before, at=at)

    def now(self) -> int | None:
        """The platform's time in milliseconds, never later than it is there; None if unknown."""
        return self._client.connection.clock.now()

    def _read(self, request: ReadRequest) -> Snapshot:
        connection = self._client.connection
        with Parallel(connection.parallelism, connection.stop) as pool:
            # Without `role=admin` the list hides restricted spaces from administrators.
            every = self._client.get("/spaces", SPACES, [("role", "admin")]).spaces
            places = Places.of(every)
            wanted = [space for space in places.regular if _asked_for(space, request)]
            details = {s.s_id: pool.start(partial(self._space, s.s_id)) for s in wanted}
            views = pool.start(lambda: self._views(places.system))
            servers = pool.start(self._servers)
            connected = pool.start(self._connected)
            members = pool.start(lambda: read_members(self._client)) if request.members else None
            groups = pool.start(lambda: read_groups(self._client)) if request.groups else None
            pool.finish()
            listed = servers.result()
            pairs = self._pairs(places, listed, views.result())
            live = _servers(places, pairs, connected.result())
            spaces = _spaces(places, {sid: f.result() for sid, f in details.items()}, live)
            # Whatever its kind: somebody may ask for a special space, or a built-in server.
            shown = {("Space", each.s_id) for each in every}
            shown |= {("MCPServer", each.s_id) for each in listed}
            complete = self._prove_absences(pool, request, shown)
        return Snapshot(
            workspace_id=self._client.connection.workspace_id,
            resources={
                "Space": {space.remote_id: space for space in spaces},
                "MCPServer": {server.remote_id: server for server in live},
            },
            complete=complete,
            company=frozenset({places.company}),
            built_in=tuple(sorted(server.name for server in listed if not server.is_remote)),
            directory=_directory(members, groups, connection.workspace_id),
        )

    def _prove_absences(
        self, pool: Parallel, request: ReadRequest, listed: AbstractSet[tuple[str, str]]
    ) -> frozenset[str]:
        """Ask for each owned object that no list shows; the kinds of which absence is a fact.

        Parameters: `listed` are kind and id of all that the lists show.

        Raises IncompleteRead when one of them is there after all.
        """
        complete = set()
        for kind in ("Space", "MCPServer"):
            owned = request.owned.get(kind, frozenset())
            missing = sorted(sid for sid in owned if (kind, sid) not in listed)
            if len(missing) <= MOST_ASKED:
                complete.add(kind)
                for sid in missing:
                    pool.start(partial(prove_absent, self._client, kind, sid))
        pool.finish()
        return frozenset(complete)

    def users(self, remote_ids: Iterable[str]) -> Mapping[str, Users]:
        """The agents and skills that use these servers. Raises ProviderError.

        Dust API: `GET /mcp/usage`.
        """
        told = self._client.get("/mcp/usage", USAGE).usage
        return {
            sid: Users(agents=_names(told[sid].agents), skills=_names(told[sid].skills))
            for sid in remote_ids
            if sid in told
        }

    def _servers(self) -> list[Server]:
        return self._client.get("/mcp", SERVERS).servers

    def _views(self, system: str) -> list[View]:
        path = f"/spaces/{quote(system, safe='')}/mcp_views"
        return self._client.get(path, VIEWS, [("availability", "manual")]).server_views

    def _connected(self) -> frozenset[str]:
        rows = self._client.get("/mcp/connections/workspace", CONNECTIONS).connections
        return frozenset(filter(None, (row.remote_mcp_server_id for row in rows)))

    def _space(self, space_id: str) -> SpaceDetail:
        path = f"/spaces/{quote(space_id, safe='')}"
        try:
            space = self._client.get(path, SPACE_DETAIL).space
        except NotFound as error:
            raise at_odds(f"GET /spaces lists {space_id}, which GET {path} doesn't find") from error
        if space.groups is not None:
            return space
        # Older deployments tell the groups of a space in the list of groups only.
        groups = read_groups(self._client, (("spaceId", space_id),))
        return space.model_copy(
            update={"groups": [SpaceGroup(sId=g.s_id, name=g.name, kind=g.kind) for g in groups]}
        )

    def _pairs(
        self, places: Places, servers: list[Server], views: list[View]
    ) -> list[tuple[Server, View | None]]:
        """Each remote server with its system view.

        The two lists are read at two moments: a view without a server contradicts the other. A
        server without a view is read by itself, and stays visible as half made when it has none
        (a create isn't a transaction).
        """
        pairs, strays = _match(servers, views)
        if strays:
            raise IncompleteRead(
                f"GET /mcp doesn't list {', '.join(strays[:5])}, which the system space shows",
                call="GET /mcp",
                help=("the list of servers is incomplete: try again",),
            )
        return [
            (server, self._system_view(places, server))
            if view is None
            else (self._with_all_views(places, server), view)
            for server, view in pairs
        ]

    def _with_all_views(self, places: Places, server: Server) -> Server:
        """The server with all of its views.

        Dust API: a list names the views that its reader may see. One that lacks the view in the
        system space, which is there, isn't an administrator's, and may lack others; so the server
        is read by itself.
        """
        if any(view.space_id == places.system for view in server.views):
            return server
        views = self._alone(server).views
        if not any(view.space_id == places.system for view in views):
            raise Unexpected(
                f"the views of {server.s_id} are incomplete: the system space shows it, and its "
                "own answer leaves that out",
                call=f"GET /mcp/{server.s_id}",
                help=("look whether the token is still an administrator's, of this workspace",),
            )
        seen = [Placement(sId=view.s_id, spaceId=view.space_id) for view in views]
        return server.model_copy(update={"views": seen})

    def _alone(self, server: Server) -> ServerDetail:
        path = f"/mcp/{quote(server.s_id, safe='')}"
        try:
            return self._client.get(path, SERVER_DETAIL).server
        except NotFound as error:
            raise at_odds(f"GET /mcp lists {server.s_id}, which GET {path} doesn't find") from error

    def _system_view(self, places: Places, server: Server) -> View | None:
        alone = self._alone(server)
        for view in alone.views:
            if view.space_id == places.system:
                return View.of(view, server, alone.tools)
        return None


def _names(users: Iterable[User]) -> tuple[str, ...]:
    return tuple(sorted(user.name or user.s_id for user in users))


def _asked_for(space: SpaceOutline, request: ReadRequest) -> bool:
    ids = request.owned.get("Space", frozenset()) | request.claimed.get("Space", frozenset())
    titles = request.titles.get("Space", frozenset())
    return request.everything or space.s_id in ids or space.name.strip().casefold() in titles


def _match(
    servers: list[Server], views: list[View]
) -> tuple[list[tuple[Server, View | None]], list[str]]:
    remote = {server.s_id: server for server in servers if server.is_remote}
    shown = {view.server.s_id: view for view in views if view.server_type == "remote"}
    insist_on_one_each("GET /mcp", (server.s_id for server in servers))
    insist_on_one_each(
        "GET /spaces/{system}/mcp_views",
        (view.server.s_id for view in views if view.server_type == "remote"),
    )
    for view in shown.values():
        _insist(view)
    strays = sorted(shown.keys() - remote.keys())
    return [(server, shown.get(sid)) for sid, server in sorted(remote.items())], strays


def _insist(view: View) -> None:
    """Remote servers' views need what built-in ones may lack."""
    for field, value in (
        ("server.tools", view.server.tools),
        ("toolsMetadata", view.tools_metadata),
    ):
        if value is None:
            raise Unexpected(
                f"the system view {view.s_id} came without `{field}`, so the settings of its "
                "tools aren't known",
                call="GET /spaces/{system}/mcp_views",
                help=("the API may have changed",),
            )


def _servers(
    places: Places, pairs: Sequence[tuple[Server, View | None]], connected: frozenset[str]
) -> list[LiveResource]:
    visible = frozenset({places.company, *(space.s_id for space in places.regular)})
    return [
        live_server(
            server,
            view,
            visible=visible,
            system=places.system,
            connected=server.s_id in connected,
        )
        for server, view in pairs
    ]


def _spaces(
    places: Places, details: Mapping[str, SpaceDetail], servers: Iterable[LiveResource]
) -> list[LiveResource]:
    tools: dict[str, int] = {}
    for server in servers:
        for space_id in cast("list[str]", server.spec["spaces"]):
            tools[space_id] = tools.get(space_id, 0) + 1
    live = []
    for space in places.regular:
        count = tools.get(space.s_id, 0)
        detail = details.get(space.s_id)
        live.append(full_space(detail, space, count) if detail else outlined_space(space, count))
    return live


def _directory(
    members: Future[list[Member]] | None, groups: Future[list[Group]] | None, workspace_id: str
) -> Directory:
    people = None if members is None else members.result()
    admins = (
        person.email.lower()
        for person in people or ()
        for place in person.workspaces
        if (place.s_id, place.role) == (workspace_id, "admin")
    )
    return Directory(
        members=None if people is None else frozenset(person.email.lower() for person in people),
        admins=frozenset(admins),
        groups=None if groups is None else frozenset(g.name for g in groups.result()),
    )
