"""The API's answers as this tool needs them: what is new is ignored, what is needed insisted on.

Secrets may come back in clear or masked (Dust API: older deployments show them for ten minutes);
only whether there is one, and the names of headers, get past these models.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel


class Wire(BaseModel):
    """Base of the answers' models."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, frozen=True)


def _present(value: Any) -> bool:
    return value is not None and value != ""


def _names(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, dict):
        return tuple(str(name) for name in value)
    raise ValueError("expected an object or null")


Presence = Annotated[bool, BeforeValidator(_present)]
HeaderNames = Annotated[tuple[str, ...], BeforeValidator(_names)]


class Membership(Wire):
    """A workspace that the caller belongs to."""

    s_id: str
    name: str
    role: str


class Person(Wire):
    """The caller."""

    email: str
    workspaces: list[Membership]


class Me(Wire):
    """`GET /api/v1/me`."""

    user: Person


class SpaceOutline(Wire):
    """A space as lists show it; `isRestricted` isn't dependable there."""

    s_id: str
    name: str
    kind: str


class SpaceList(Wire):
    """`GET /spaces`."""

    spaces: list[SpaceOutline]


class SpaceMember(Wire):
    """A person of a space's own group."""

    s_id: str
    email: str
    is_editor: bool = False


class SpaceGroup(Wire):
    """A group attached to a space."""

    s_id: str | None = None
    name: str
    kind: str
    role: str = "member"


class SpaceDetail(SpaceOutline):
    """A space read by itself; `groups` is missing in older deployments."""

    is_restricted: bool
    members: list[SpaceMember]
    groups: list[SpaceGroup] | None = None


class OneSpace(Wire):
    """`GET /spaces/{id}`."""

    space: SpaceDetail


class Named(Wire):
    """Anything with an id."""

    s_id: str


class SpaceWritten(Wire):
    """The answer to every write of a space."""

    space: Named


class Member(Wire):
    """A person of the workspace."""

    s_id: str
    email: str


class MemberPage(Wire):
    """`GET /members`."""

    members: list[Member]
    total: int
    next_page_url: str | None = None


class Group(Wire):
    """A group of the workspace."""

    s_id: str
    name: str
    kind: str


class GroupList(Wire):
    """`GET /groups`."""

    groups: list[Group]


class Tool(Wire):
    """A tool that a server offers."""

    name: str


class ToolRow(Wire):
    """Settings of one tool."""

    tool_name: str
    permission: str
    enabled: bool


class Authorization(Wire):
    """How a server was connected when it was created."""

    provider: str


class ServerInView(Wire):
    """The server inside a view; only remote ones need all of it."""

    s_id: str
    name: str
    description: str | None = None
    tools: list[Tool] | None = None
    availability: str | None = None


class View(Wire):
    """A view in full, as `mcp_views` lists it."""

    s_id: str
    space_id: str
    server_type: str
    name: str | None
    description: str | None
    o_auth_use_case: str | None = None
    is_restricted_to_skills: bool = False
    server: ServerInView
    tools_metadata: list[ToolRow] | None = None


class ViewList(Wire):
    """`GET /spaces/{id}/mcp_views`."""

    server_views: list[View]


class Placement(Wire):
    """A view as the list of servers shows it."""

    s_id: str
    space_id: str


class Server(Wire):
    """A server in the list; those built into the platform have no `url`."""

    s_id: str
    name: str
    description: str | None = None
    url: str | None = None
    icon: str | None = None
    availability: str
    authorization: Authorization | None = None
    shared_secret: Presence = False
    custom_headers: HeaderNames = ()
    last_error: Presence = False
    views: list[Placement]

    @property
    def is_remote(self) -> bool:
        """Whether it is a remote server that people added."""
        return bool(self.url) and self.availability == "manual"


class ServerList(Wire):
    """`GET /mcp`."""

    servers: list[Server]


class ViewOfServer(Placement):
    """A view as one server's answer embeds it."""

    name: str | None
    description: str | None
    tools_metadata: list[ToolRow]


class ServerDetail(Wire):
    """A server read by itself: the tools it offers, and its views."""

    s_id: str
    tools: list[Tool]
    views: list[ViewOfServer]


class OneServer(Wire):
    """`GET /mcp/{id}`."""

    server: ServerDetail


class Connected(Wire):
    """A workspace connection; internal servers have no remote id."""

    remote_mcp_server_id: str | None = Field(default=None, alias="remoteMCPServerId")


class ConnectionList(Wire):
    """`GET /mcp/connections/workspace`."""

    connections: list[Connected]


class ServerCreated(Wire):
    """The answer to `POST /mcp`."""

    server: Named


class Success(Wire):
    """The answer to most writes."""

    success: Literal[True]


class Deleted(Wire):
    """The answer to a delete."""

    deleted: Literal[True]


ME = TypeAdapter(Me)
SPACES = TypeAdapter(SpaceList)
SPACE_DETAIL = TypeAdapter(OneSpace)
SPACE_WRITTEN = TypeAdapter(SpaceWritten)
MEMBERS = TypeAdapter(MemberPage)
GROUPS = TypeAdapter(GroupList)
VIEWS = TypeAdapter(ViewList)
SERVERS = TypeAdapter(ServerList)
SERVER_DETAIL = TypeAdapter(OneServer)
CONNECTIONS = TypeAdapter(ConnectionList)
SERVER_CREATED = TypeAdapter(ServerCreated)
SUCCESS = TypeAdapter(Success)
DELETED = TypeAdapter(Deleted)
