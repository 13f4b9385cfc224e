"""Routes of the members of a space.

Dust API: PATCH …/members states the whole membership; a list left out is emptied.
"""

from typing import Annotated, Literal

from pydantic import Field
from starlette.responses import Response

from reconciler.sandbox.call import Body, Call, parse
from reconciler.sandbox.envelope import ApiError, answer, bad_request, not_admin, unhandled
from reconciler.sandbox.member_rows import ATTACHABLE, user_id_of
from reconciler.sandbox.records import Group, Space, SpaceKind
from reconciler.sandbox.space_rows import (
    HOLDS_MEMBERS,
    SpaceWriter,
    may_administrate,
    readable_space,
    space_by_id,
)


class _Membership(Body):
    is_restricted: bool
    member_ids: list[str] = Field(default_factory=list)
    editor_ids: list[str] = Field(default_factory=list)
    group_ids: list[str] = Field(default_factory=list)
    editor_group_ids: list[str] = Field(default_factory=list)


class _OlderMembership(Body):
    is_restricted: bool
    name: str
    management_mode: Literal["manual", "group"]
    member_ids: list[str] = Field(default_factory=list)
    editor_ids: list[str] = Field(default_factory=list)
    group_ids: list[str] = Field(default_factory=list)
    editor_group_ids: list[str] = Field(default_factory=list)


class _Add(Body):
    member_ids: Annotated[list[str], Field(min_length=1, max_length=100)]


async def patch_space_members(call: Call) -> Response:
    """PATCH /spaces/{sId}/members: openness and the whole membership."""
    space = readable_space(call)
    wanted = _wanted(call, await call.json())
    _check_space(call, space)
    people = {sid: user_id_of(call, sid) for sid in {*wanted.member_ids, *wanted.editor_ids}}
    groups = {sid: _group_id(call, sid) for sid in {*wanted.group_ids, *wanted.editor_group_ids}}
    if set(wanted.member_ids) & set(wanted.editor_ids):
        raise unhandled("a user can't be both a member and an editor of a space")
    if space.kind == SpaceKind.PROJECT and not (wanted.editor_ids or wanted.editor_group_ids):
        raise bad_request("A project needs at least one editor.")
    store = call.store
    with store.transaction():
        joined = dict(
            store.values("SELECT user_id, joined_at FROM space_member WHERE space_id = ?", space.id)
        )
        store.write("DELETE FROM space_member WHERE space_id = ?", space.id)
        store.write("DELETE FROM space_group WHERE space_id = ?", space.id)
        for sid, user_id in people.items():
            store.insert(
                "space_member",
                space_id=space.id,
                user_id=user_id,
                is_editor=int(sid in wanted.editor_ids),
                joined_at=joined.get(user_id) or store.now(),
            )
        for sid, group_id in groups.items():
            store.insert(
                "space_group",
                space_id=space.id,
                group_id=group_id,
                is_editor=int(sid in wanted.editor_group_ids),
            )
        store.update(
            "space", space.id, is_restricted=int(wanted.is_restricted), updated_at=store.now()
        )
    return answer({"space": SpaceWriter(call).base(space_by_id(store, space.id))})


def _wanted(call: Call, raw: object) -> _Membership:
    """The membership a body asks for, by the rules of the deployment."""
    if not call.workspace.older_members_body:
        return parse(_Membership, raw)
    older = parse(_OlderMembership, raw)
    lists = ["member_ids", "editor_ids"]
    if older.management_mode == "group":
        lists = ["group_ids", "editor_group_ids"]
    kept = {key: getattr(older, key) for key in lists}
    return _Membership.model_construct(is_restricted=older.is_restricted, **kept)


def _check_space(call: Call, space: Space) -> None:
    if not may_administrate(call, space):
        raise not_admin(403, "Only users that are `admins` can administrate space members.")
    if space.kind not in HOLDS_MEMBERS:
        raise bad_request("Only regular spaces and projects have members.")


def _group_id(call: Call, sid: str) -> int:
    group = call.store.row(
        Group,
        "SELECT * FROM people_group WHERE workspace_id = ? AND sid = ?",
        call.workspace.id,
        sid,
    )
    if group is None:
        raise ApiError(404, "group_not_found", "The group was not found.")
    if group.kind not in ATTACHABLE:
        raise bad_request("Only provisioned and manual groups can be attached to a space.")
    return group.id


async def add_space_members(call: Call) -> Response:
    """POST /spaces/{sId}/members: adds, removes nobody."""
    space = readable_space(call)
    body = await call.body(_Add)
    _check_space(call, space)
    user_ids = [user_id_of(call, sid) for sid in body.member_ids]
    with call.store.transaction():
        for user_id in user_ids:
            call.store.write(
                "INSERT OR IGNORE INTO space_member VALUES (?, ?, 0, ?)",
                space.id,
                user_id,
                call.store.now(),
            )
    return answer({"space": SpaceWriter(call).enriched(space_by_id(call.store, space.id))})
