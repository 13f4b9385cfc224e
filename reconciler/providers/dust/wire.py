"""The API's answers as this tool needs them: what is new is ignored, what is needed insisted on.

People, groups and spaces; `wire_servers.py` has the rest.
"""

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.alias_generators import to_camel


class Wire(BaseModel):
    """Base of the answers' models."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, frozen=True)


class Membership(Wire):
    """A workspace that the caller belongs to."""

    s_id: str
    name: str
    role: str


class Person(Wire):
    """The caller."""

    email: str
    full_name: str | None = None
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
    """A person of the workspace, with the role there."""

    s_id: str
    email: str
    workspaces: list[Membership] = []


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


ME = TypeAdapter(Me)
SPACES = TypeAdapter(SpaceList)
SPACE_DETAIL = TypeAdapter(OneSpace)
SPACE_WRITTEN = TypeAdapter(SpaceWritten)
MEMBERS = TypeAdapter(MemberPage)
GROUPS = TypeAdapter(GroupList)
