"""The API's answers about servers and views, as this tool needs them.

Secrets may come back in clear or masked (Dust API: older deployments show them for ten minutes);
only whether there is one, and the names of headers, get past these models.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PlainValidator, TypeAdapter
from typing_extensions import TypedDict

from reconciler.providers.dust.wire import Id, Moment, Named, Rows, Wire


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


# Workspaces have several tools for each server: dictionaries parse three times as fast as models.


class Tool(TypedDict):
    """A tool that a server offers."""

    name: str


class ToolRow(TypedDict):
    """Settings of one tool, in the API's own spelling."""

    toolName: str
    permission: str
    enabled: bool


class Authorization(Wire):
    """How a server was connected when it was created; `scope` is what was asked for, or pinned."""

    provider: str
    scope: str | None = None


class ServerInView(Wire):
    """The server inside a view; only remote ones need all of it."""

    s_id: Id
    name: str
    description: str | None = None
    tools: Rows[Tool] | None = None
    availability: str | None = None


class Placement(Wire):
    """A view as the list of servers shows it."""

    s_id: Id
    space_id: Id


class ViewFields(Placement):
    """What every full view tells; null means that the server's own words show."""

    name: str | None
    description: str | None
    o_auth_use_case: str | None = None
    is_restricted_to_skills: bool = False
    created_at: Moment = None
    updated_at: Moment = None


class View(ViewFields):
    """A view in full, as `mcp_views` lists it."""

    server_type: str
    server: ServerInView
    tools_metadata: Rows[ToolRow] | None = None

    @classmethod
    def of(cls, view: "ViewOfServer", server: "Server", tools: Rows[Tool]) -> Self:
        """The same from a server that was read by itself."""
        inside = ServerInView(
            sId=server.s_id, name=server.name, description=server.description, tools=tools
        )
        return cls(
            sId=view.s_id,
            spaceId=view.space_id,
            serverType="remote",
            name=view.name,
            description=view.description,
            oAuthUseCase=view.o_auth_use_case,
            isRestrictedToSkills=view.is_restricted_to_skills,
            createdAt=view.created_at,
            updatedAt=view.updated_at,
            server=inside,
            toolsMetadata=view.tools_metadata,
        )


class ViewList(Wire):
    """`GET /spaces/{id}/mcp_views`."""

    server_views: Rows[View]


class Server(Wire):
    """A server in the list; those built into the platform have no `url`."""

    s_id: Id
    name: str
    description: str | None = None
    url: str | None = None
    icon: str | None = None
    availability: str
    authorization: Authorization | None = None
    shared_secret: Presence = False
    custom_headers: HeaderNames = ()
    last_error: Presence = False
    last_sync_at: Moment = None
    views: Rows[Placement]

    @property
    def is_remote(self) -> bool:
        """Whether it is a remote server that people added."""
        return bool(self.url) and self.availability == "manual"


class ServerList(Wire):
    """`GET /mcp`."""

    servers: Rows[Server]


class ViewOfServer(ViewFields):
    """A view as one server's answer embeds it."""

    tools_metadata: Rows[ToolRow]


class ServerDetail(Wire):
    """A server read by itself: the tools it offers, and its views."""

    s_id: Id
    tools: Rows[Tool]
    views: Rows[ViewOfServer]


class OneServer(Wire):
    """`GET /mcp/{id}`."""

    server: ServerDetail


class Connected(Wire):
    """A workspace connection; internal servers have no remote id."""

    remote_mcp_server_id: str | None = Field(default=None, alias="remoteMCPServerId")


class ConnectionList(Wire):
    """`GET /mcp/connections/workspace`."""

    connections: Rows[Connected]


class User(Wire):
    """An agent or a skill."""

    s_id: Id
    name: str | None = None


class ServerUsers(Wire):
    """Who uses one server."""

    agents: Rows[User]
    skills: Rows[User] = Field(default_factory=list)


def _each(value: Any) -> dict[str, ServerUsers]:
    """Stop at the first wrong row, as lists do."""
    if not isinstance(value, dict):
        raise ValueError("expected an object")  # noqa: TRY004 - what pydantic takes for a fault
    return {sid: ServerUsers.model_validate(users) for sid, users in value.items()}


class Usage(Wire):
    """`GET /mcp/usage`, by the id of the server."""

    usage: Annotated[dict[str, ServerUsers], PlainValidator(_each)]


class ServerCreated(Wire):
    """The answer to `POST /mcp`."""

    server: Named


class Success(Wire):
    """The answer to most writes."""

    success: Literal[True]


class Deleted(Wire):
    """The answer to a delete."""

    deleted: Literal[True]


class SignInDetails(Wire):
    """The member `connectionMetadata` of a discovery; `client_secret` is told once, in clear."""

    client_id: Annotated[str, Field(min_length=1, alias="client_id")]
    client_secret: str | None = Field(default=None, alias="client_secret", repr=False)
    authorization_endpoint: Annotated[str, Field(alias="authorization_endpoint")]
    token_endpoint: Annotated[str, Field(alias="token_endpoint")]
    token_endpoint_auth_method: str | None = Field(default=None, alias="token_endpoint_auth_method")
    scope: str | None = None
    resource: str | None = None


class Discovered(Wire):
    """The answer to `POST /mcp/discover_oauth_metadata`."""

    oauth_required: bool = Field(alias="oauthRequired")
    connection_metadata: SignInDetails | None = None


class RedirectUri(Wire):
    """The answer to `GET /oauth/{provider}/redirect_uri`."""

    redirect_uri: Annotated[str, Field(min_length=1)]


class SetUp(Wire):
    """The answer to `GET /oauth/{provider}/setup`."""

    redirect_url: Annotated[str, Field(min_length=1)]


class FinishedConnection(Wire):
    """The connection in the answer to a finalize."""

    connection_id: Annotated[str, Field(alias="connection_id")]
    status: str


class Finished(Wire):
    """The answer to `GET /api/oauth/{provider}/finalize`."""

    connection: FinishedConnection


VIEWS = TypeAdapter(ViewList)
SERVERS = TypeAdapter(ServerList)
SERVER_DETAIL = TypeAdapter(OneServer)
USAGE = TypeAdapter(Usage)
CONNECTIONS = TypeAdapter(ConnectionList)
SERVER_CREATED = TypeAdapter(ServerCreated)
SUCCESS = TypeAdapter(Success)
DELETED = TypeAdapter(Deleted)
DISCOVERED = TypeAdapter(Discovered)
REDIRECT_URI = TypeAdapter(RedirectUri)
SET_UP = TypeAdapter(SetUp)
FINISHED = TypeAdapter(Finished)
