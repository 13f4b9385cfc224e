"""Routes of spaces: list, read, rename, delete, check a name."""

from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from reconciler.sandbox.call import Body, Call, query_error
from reconciler.sandbox.envelope import ApiError, answer, bad_request, not_admin
from reconciler.sandbox.member_rows import member_json
from reconciler.sandbox.records import Member, Space, SpaceKind
from reconciler.sandbox.space_rows import (
    HOLDS_MEMBERS,
    SpaceWriter,
    all_spaces,
    attached_groups,
    may_administrate,
    member_space_ids,
    name_is_taken,
    readable_space,
    space_by_id,
    space_group_name,
)

NAME_LIMIT = 256


class _Rename(Body):
    name: Annotated[str, Field(min_length=1, max_length=NAME_LIMIT)] = ""
    content: list[Any] = Field(default_factory=list)


async def list_spaces(call: Call) -> Response:
    """GET /spaces: what the caller is a member of, or with `role=admin` all but projects."""
    kinds = call.params("kind")
    if unknown := set(kinds) - set(SpaceKind):
        raise query_error(f"invalid kind ({len(unknown)} unknown)")
    spaces = all_spaces(call)
    if call.param("role") == "admin":
        spaces = [space for space in spaces if space.kind != SpaceKind.PROJECT]
    else:
        mine = member_space_ids(call)
        spaces = [space for space in spaces if space.id in mine]
    if kinds:
        spaces = [space for space in spaces if space.kind in kinds]
    spaces.sort(key=lambda space: space.kind == SpaceKind.PROJECT)
    writer = SpaceWriter(call)
    return answer({"spaces": [writer.listed(space) for space in spaces]})


async def get_space(call: Call) -> Response:
    """GET /spaces/{sId}."""
    space = readable_space(call)
    store = call.store
    editors = dict(
        store.values("SELECT user_id, is_editor FROM space_member WHERE space_id = ?", space.id)
    )
    joined = dict(
        store.values("SELECT user_id, joined_at FROM space_member WHERE space_id = ?", space.id)
    )
    people = store.rows(
        Member,
        "SELECT user.*, role FROM user JOIN space_member ON space_member.user_id = user.id"
        " JOIN membership ON membership.user_id = user.id AND workspace_id = ?"
        " WHERE space_id = ? ORDER BY user.id",
        call.workspace.id,
        space.id,
    )
    is_member = space.id in member_space_ids(call)
    is_editor = bool(call.user_id is not None and editors.get(call.user_id))
    manual_tools = store.number(
        "SELECT count(*) FROM view JOIN server ON server.id = server_id"
        " WHERE space_id = ? AND availability = 'manual'",
        space.id,
    )
    return answer(
        {
            "space": {
                **SpaceWriter(call).enriched(space),
                "categories": {
                    "managed": {"count": 0, "usage": {"count": 0, "agents": []}},
                    "actions": {"count": manual_tools, "usage": {"count": 0, "agents": []}},
                },
                "canWrite": may_administrate(call, space) or is_member,
                "canRead": True,
                "isMember": is_member,
                "isEditor": is_editor,
                "members": [
                    {
                        **member_json(person),
                        "isEditor": bool(editors[person.id]),
                        "joinedAt": joined[person.id],
                    }
                    for person in people
                ],
                "groups": [
                    {
                        "sId": group.sid,
                        "name": group.name,
                        "kind": group.kind,
                        "role": "editor" if edits else "member",
                    }
                    for group, edits in attached_groups(store, space)
                ],
                "description": None,
                "archivedAt": None,
                "isAdminControlled": False,
            }
        }
    )


async def patch_space(call: Call) -> Response:
    """PATCH /spaces/{sId}: the name only."""
    space = readable_space(call)
    body = await call.body(_Rename)
    if not may_administrate(call, space):
        raise not_admin(403, "Only users that are `admins` can administrate space.")
    if "name" in body.model_fields_set:
        _rename(call, space, body.name.strip())
    return answer({"space": SpaceWriter(call).base(space_by_id(call.store, space.id))})


def _rename(call: Call, space: Space, name: str) -> None:
    if space.kind not in HOLDS_MEMBERS:
        raise bad_request(f"The {space.kind} space cannot be renamed.")
    if not name:
        raise bad_request("Space name cannot be empty.")
    if name_is_taken(call, name, but=space):
        raise bad_request("This space name is already used.")
    with call.store.transaction():
        call.store.update("space", space.id, name=name, updated_at=call.store.now())
        if space.own_group_id is not None:
            call.store.update("people_group", space.own_group_id, name=space_group_name(name))


async def delete_space(call: Call) -> Response:
    """DELETE /spaces/{sId}: tools never block it; its views go with it."""
    space = readable_space(call)
    if not may_administrate(call, space):
        raise not_admin(403, "Only users that are `admins` can delete space.")
    if space.kind not in HOLDS_MEMBERS:
        raise ApiError(
            500,
            "internal_server_error",
            "The space cannot be deleted: only regular spaces and projects can be deleted.",
        )
    json = SpaceWriter(call).base(space)
    with call.store.transaction():
        call.store.write("DELETE FROM space WHERE id = ?", space.id)
        call.store.write("DELETE FROM people_group WHERE id = ?", space.own_group_id)
    return answer({"space": json})


async def check_name(call: Call) -> Response:
    """GET /spaces/check-name."""
    name = (call.param("name") or "").strip()
    if not name:
        raise query_error("Required at 'name'")
    return answer({"available": not name_is_taken(call, name)})


async def public_list_spaces(call: Call) -> Response:
    """GET /api/v1/…/spaces: enriched, and membership-filtered even for admins."""
    wanted = (call.param("kinds") or "system,global,regular").split(",")
    if set(wanted) - {"system", "global", "regular", "project"}:
        raise query_error("invalid kinds")
    mine = member_space_ids(call)
    writer = SpaceWriter(call)
    return answer(
        {
            "spaces": [
                writer.enriched(space)
                for space in all_spaces(call)
                if space.id in mine and space.kind in wanted
            ]
        }
    )
