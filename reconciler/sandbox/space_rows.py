"""Spaces in the database: who may read them, and what they look like on the wire.

Dust API: `isRestricted` is derived there (open means that everyone's group reads the space) and
appears in enriched answers only.
"""

from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.envelope import ApiError
from reconciler.sandbox.records import Group, Space, SpaceKind
from reconciler.sandbox.store import Store, new_sid

HOLDS_MEMBERS = (SpaceKind.REGULAR, SpaceKind.PROJECT)


def space_group_name(name: str) -> str:
    """The name of the group that backs a space."""
    return f"Group for space {name}"


def add_space(
    store: Store, workspace_id: int, name: str, kind: SpaceKind, *, is_restricted: bool
) -> int:
    """Insert a space with its backing group; its row id."""
    own_group = None
    if kind in HOLDS_MEMBERS:
        own_group = store.insert(
            "people_group",
            sid=new_sid("grp"),
            workspace_id=workspace_id,
            name=space_group_name(name),
            kind="regular_auto",
        )
    now = store.now()
    return store.insert(
        "space",
        sid=new_sid("vlt"),
        workspace_id=workspace_id,
        name=name,
        kind=kind,
        is_restricted=int(is_restricted),
        own_group_id=own_group,
        created_at=now,
        updated_at=now,
    )


def system_space_id(store: Store, workspace_id: int) -> int:
    """The row id of a workspace's system space."""
    found = store.number(
        "SELECT id FROM space WHERE workspace_id = ? AND kind = 'system'", workspace_id
    )
    assert found is not None
    return found


def all_spaces(call: Call) -> list[Space]:
    """Every space of the workspace that lists may show; conversations never."""
    return call.store.rows(
        Space,
        "SELECT * FROM space WHERE workspace_id = ? AND kind != 'conversations'",
        call.workspace.id,
    )


def space_by_id(store: Store, space_id: int) -> Space:
    """The space of a row id that is known to exist."""
    space = store.row(Space, "SELECT * FROM space WHERE id = ?", space_id)
    assert space is not None
    return space


def system_space(call: Call) -> Space:
    """The system space."""
    return _single(call, SpaceKind.SYSTEM)


def global_space(call: Call) -> Space:
    """The company space."""
    return _single(call, SpaceKind.GLOBAL)


def _single(call: Call, kind: SpaceKind) -> Space:
    space = call.store.row(
        Space,
        "SELECT * FROM space WHERE workspace_id = ? AND kind = ?",
        call.workspace.id,
        kind,
    )
    assert space is not None
    return space


def name_is_taken(call: Call, name: str, *, but: Space | None = None) -> bool:
    """Whether a space of any kind has this name, trimmed and ignoring case."""
    wanted = name.strip().casefold()
    taken = call.store.values(
        "SELECT id, name FROM space WHERE workspace_id = ?", call.workspace.id
    )
    return any(
        other.casefold() == wanted and (but is None or space_id != but.id)
        for space_id, other in taken
    )


def member_space_ids(call: Call) -> set[int]:
    """The spaces that the caller is a member of: open ones, and through people or groups."""
    return {
        row[0]
        for row in call.store.values(
            "SELECT id FROM space WHERE workspace_id = ?1 AND (kind = 'global'"
            " OR (kind IN ('regular', 'project') AND (is_restricted = 0"
            " OR id IN (SELECT space_id FROM space_member WHERE user_id = ?2)"
            " OR id IN (SELECT space_id FROM space_group JOIN group_member USING (group_id)"
            "           WHERE group_member.user_id = ?2))))",
            call.workspace.id,
            call.user_id,
        )
    }


def readable_space_ids(call: Call) -> set[int] | None:
    """The spaces the caller may read; None stands for all of them (a workspace admin)."""
    return None if call.is_admin else member_space_ids(call)


def may_administrate(call: Call, space: Space) -> bool:
    """Whether the caller has admin permission on the space."""
    if call.is_admin:
        return True
    return space.kind == SpaceKind.PROJECT and call.store.exists(
        "SELECT 1 FROM space_member WHERE space_id = ? AND user_id = ? AND is_editor",
        space.id,
        call.user_id,
    )


def readable_space(call: Call, name: str = "s_id") -> Space:
    """The space named in the path.

    Raises:
        ApiError: 404, there is none or the caller may not read it (never 403).
    """
    space = call.store.row(
        Space,
        "SELECT * FROM space WHERE workspace_id = ? AND sid = ? AND kind != 'conversations'",
        call.workspace.id,
        call.path(name),
    )
    if space is None or not (call.is_admin or space.id in member_space_ids(call)):
        raise ApiError(404, "space_not_found", "The space you requested was not found.")
    return space


def attached_groups(store: Store, space: Space) -> list[tuple[Group, bool]]:
    """The groups attached to a space, and whether they are editors."""
    editors = dict(
        store.values("SELECT group_id, is_editor FROM space_group WHERE space_id = ?", space.id)
    )
    groups = store.rows(
        Group,
        "SELECT people_group.* FROM people_group JOIN space_group ON group_id = people_group.id"
        " WHERE space_id = ? ORDER BY people_group.id",
        space.id,
    )
    return [(group, bool(editors[group.id])) for group in groups]


class SpaceWriter:
    """Turns spaces into JSON; reads groups once for all of them.

    Args:
        call: whose workspace.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        store, workspace_id = call.store, call.workspace.id
        self._attached: dict[int, list[str]] = {}
        for space_id, sid in store.values(
            "SELECT space_id, people_group.sid FROM space_group"
            " JOIN people_group ON group_id = people_group.id WHERE workspace_id = ?",
            workspace_id,
        ):
            self._attached.setdefault(space_id, []).append(sid)
        self._own = dict(
            store.values("SELECT id, sid FROM people_group WHERE workspace_id = ?", workspace_id)
        )
        self._everyone = store.text(
            "SELECT sid FROM people_group WHERE workspace_id = ? AND kind = 'global'", workspace_id
        )

    def base(self, space: Space) -> dict[str, Any]:
        """What create and patch answer."""
        return {
            "sId": space.sid,
            "name": space.name,
            "kind": space.kind,
            "managementMode": "group" if space.id in self._attached else "manual",
            "createdAt": space.created_at,
            "updatedAt": space.updated_at,
        }

    def listed(self, space: Space) -> dict[str, Any]:
        """What the private list answers: with group ids, without `isRestricted`."""
        own = [self._own[space.own_group_id]] if space.own_group_id is not None else []
        is_open = space.kind == SpaceKind.GLOBAL or (
            space.kind in HOLDS_MEMBERS and not space.is_restricted
        )
        everyone = [self._everyone] if is_open else []
        json = {
            **self.base(space),
            "groupIds": [*own, *everyone, *self._attached.get(space.id, [])],
        }
        if space.kind == SpaceKind.PROJECT:
            json |= {"description": None, "archivedAt": None}
        return json

    def enriched(self, space: Space) -> dict[str, Any]:
        """What GET on one space and the v1 list answer."""
        restricted = space.kind in HOLDS_MEMBERS and space.is_restricted
        return {**self.listed(space), "isRestricted": restricted}
