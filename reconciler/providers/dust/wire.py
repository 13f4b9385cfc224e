"""The API's answers as this tool needs them: what is new is ignored, what is needed insisted on.

People, groups and spaces; `wire_servers.py` has the rest.
"""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast, Field, TypeAdapter
from pydantic.alias_generators import to_camel
from typing_extensions import TypeAliasType

T = TypeVar("T")

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.:~=+@-]{0,254}$")]
"""An id goes into paths of later calls, into the state and onto terminals: none but a plain one."""

Rows = TypeAliasType(
    "Rows", Annotated[list[T], FailFast(), Field(max_length=100_000)], type_params=(T,)
)
"""A list that is refused at its first wrong row, and when it is longer than any real one.

Millions of faults or rows, of a few bytes each on the wire, would fill memory.
"""


def _moment(value: Any) -> Any:
    return value if type(value) is int and 0 < value < 2**53 else None


Moment = Annotated[int | None, BeforeValidator(_moment)]
"""Milliseconds since 1970; None for anything else, which proves nothing."""


class Wire(BaseModel):
    """Base of the answers' models."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, frozen=True)


class Membership(Wire):
    """A workspace that the caller belongs to."""

    s_id: Id
    name: str
    role: str


class Person(Wire):
    """The caller."""

    email: str
    full_name: str | None = None
    workspaces: Rows[Membership]


class Me(Wire):
    """`GET /api/v1/me`."""

    user: Person


class SpaceOutline(Wire):
    """A space as lists show it; `isRestricted` isn't dependable there."""

    s_id: Id
    name: str
    kind: str
    created_at: Moment = None
    updated_at: Moment = None


class SpaceList(Wire):
    """`GET /spaces`."""

    spaces: Rows[SpaceOutline]


class SpaceMember(Wire):
    """A person of a space's own group."""

    s_id: Id
    email: str
    is_editor: bool = False


class SpaceGroup(Wire):
    """A group attached to a space."""

    s_id: Id | None = None
    name: str
    kind: str
    role: str = "member"


class SpaceDetail(SpaceOutline):
    """A space read by itself; `groups` is missing in older deployments."""

    is_restricted: bool
    members: Rows[SpaceMember]
    groups: Rows[SpaceGroup] | None = None


class OneSpace(Wire):
    """`GET /spaces/{id}`."""

    space: SpaceDetail


class Named(Wire):
    """Anything with an id."""

    s_id: Id


class SpaceWritten(Wire):
    """The answer to every write of a space."""

    space: Named


class Member(Wire):
    """A person of the workspace, with the role there."""

    s_id: Id
    email: str
    workspaces: Rows[Membership] = []


class MemberPage(Wire):
    """`GET /members`."""

    members: Rows[Member]
    total: int
    next_page_url: str | None = None


class Group(Wire):
    """A group of the workspace."""

    s_id: Id
    name: str
    kind: str


class GroupList(Wire):
    """`GET /groups`."""

    groups: Rows[Group]


ME = TypeAdapter(Me)
SPACES = TypeAdapter(SpaceList)
SPACE_DETAIL = TypeAdapter(OneSpace)
SPACE_WRITTEN = TypeAdapter(SpaceWritten)
MEMBERS = TypeAdapter(MemberPage)
GROUPS = TypeAdapter(GroupList)
