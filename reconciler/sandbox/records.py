"""The rows of the database, as frozen values."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar


class Role(StrEnum):
    """What a member may do in a workspace."""

    ADMIN = "admin"
    BUILDER = "builder"
    MANAGER = "manager"
    USER = "user"


class SpaceKind(StrEnum):
    """The kinds of space."""

    GLOBAL = "global"
    SYSTEM = "system"
    CONVERSATIONS = "conversations"
    REGULAR = "regular"
    PROJECT = "project"


class Stake(StrEnum):
    """How much care a tool call needs."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NEVER_ASK = "never_ask"


class Availability(StrEnum):
    """How a server came to be there."""

    MANUAL = "manual"
    AUTO = "auto"
    AUTO_HIDDEN_BUILDER = "auto_hidden_builder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A row; its fields are named after the columns.

    What is in `sealed` is encrypted in the database, for the row's `sid`, and in clear here.
    """

    sealed: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace(Record):
    """A workspace, with the switches that make it behave like an older deployment."""

    id: int
    sid: str
    name: str
    region: str
    sso_enforced: bool
    can_use_product: bool
    max_spaces: int | None
    no_batch_tools: bool
    older_members_body: bool
    unbound_finalize: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Record):
    """A person; may be a member of several workspaces."""

    id: int
    sid: str
    email: str
    full_name: str
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Record):
    """A person in one workspace."""

    id: int
    sid: str
    email: str
    full_name: str
    role: str
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Record):
    """People under one name."""

    id: int
    sid: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Space(Record):
    """A space; open when it is not restricted."""

    id: int
    sid: str
    workspace_id: int
    name: str
    kind: str
    is_restricted: bool
    own_group_id: int | None
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Server(Record):
    """An MCP server: remote (a URL) or internal (a registry name)."""

    sealed = ("shared_secret", "custom_headers")

    id: int
    sid: str
    kind: str
    registry_name: str | None
    url: str | None
    name: str
    description: str | None
    version: str
    icon: str
    tools: str
    provider: str | None
    scope: str | None
    shared_secret: str | None
    custom_headers: str | None
    meta: str | None
    availability: str
    allow_multiple: bool
    documentation_url: str | None
    last_sync_at: int | None
    last_error: str | None
    created_at: int
    updated_at: int

    @property
    def is_remote(self) -> bool:
        """Whether it is reached by URL."""
        return self.kind == "remote"

    def tool_list(self) -> list[dict[str, Any]]:
        """The tools it listed when last asked."""
        tools: list[dict[str, Any]] = json.loads(self.tools)
        return tools

    def tool_names(self) -> list[str]:
        """The names of those tools."""
        return [str(tool["name"]) for tool in self.tool_list()]

    def header_map(self) -> dict[str, str]:
        """Its custom headers, in clear."""
        headers: dict[str, str] = json.loads(self.custom_headers or "{}")
        return headers


@dataclass(frozen=True, slots=True, kw_only=True)
class View(Record):
    """The presence of a server in a space."""

    id: int
    sid: str
    server_id: int
    space_id: int
    name: str | None
    description: str | None
    oauth_use_case: str | None
    oauth_scope: str | None
    is_restricted_to_skills: bool
    editor_id: int | None
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(Record):
    """Credentials of a server: the workspace's or one person's."""

    id: int
    sid: str
    server_id: int
    kind: str
    auth_type: str
    oauth_sid: str | None
    user_id: int
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthConnection(Record):
    """What an OAuth consent left behind, or waits for."""

    sid: str
    workspace_id: int
    user_id: int
    provider: str
    use_case: str
    status: str
    details: str
    nonce_digest: str | None
    code_digest: str | None
    redirect_uri: str
    expires_at: int | None
    granted_scope: str | None
    created_at: int

    @property
    def metadata(self) -> dict[str, str]:
        """What the setup was told, without the client."""
        details: dict[str, str] = json.loads(self.details)
        return details

    @property
    def scope(self) -> str | None:
        """The scopes asked for."""
        return self.metadata.get("scope")
