"""POST /spaces: adds a space."""

from typing import Literal

from pydantic import Field
from starlette.responses import Response

from reconciler.sandbox.call import Body, Call
from reconciler.sandbox.envelope import ApiError, answer, bad_request, not_admin
from reconciler.sandbox.member_rows import ATTACHABLE
from reconciler.sandbox.records import Group, Role, SpaceKind
from reconciler.sandbox.space_rows import (
    SpaceWriter,
    add_space,
    name_is_taken,
    space_by_id,
    space_group_name,
)


class _Create(Body):
    name: str
    is_restricted: bool
    space_kind: Literal["regular", "project"]
    management_mode: Literal["manual", "group"]
    member_ids: list[str] = Field(default_factory=list)
    group_ids: list[str] = Field(default_factory=list)


async def create_space(call: Call) -> Response:
    """POST /spaces."""
    body = await call.body(_Create)
    wanted = "member_ids" if body.management_mode == "manual" else "group_ids"
    if wanted not in body.model_fields_set:
        key = "memberIds" if wanted == "member_ids" else "groupIds"
        raise bad_request(f"Invalid request body: Validation error: Required at '{key}'")
    kind = SpaceKind(body.space_kind)
    if kind is SpaceKind.REGULAR and call.role is not Role.ADMIN:
        raise not_admin(403, "Only users that are `admins` can create regular spaces.")
    if kind is SpaceKind.PROJECT and body.member_ids:
        raise bad_request("Projects can't be created with members.")
    name = body.name.strip()
    if not name:
        raise bad_request("Space name cannot be empty.")
    _refuse_taken(call, name)
    _refuse_over_plan(call, kind)
    groups = _groups_to_attach(call, body) if body.management_mode == "group" else []
    with call.store.transaction():
        space_id = add_space(
            call.store,
            call.workspace.id,
            name,
            kind,
            is_restricted=body.is_restricted,
        )
        if body.management_mode == "manual":
            _add_people(call, space_id, body.member_ids)
        for group in groups:
            call.store.insert("space_group", space_id=space_id, group_id=group.id, is_editor=0)
        if kind is SpaceKind.PROJECT:
            call.store.insert(
                "space_member",
                space_id=space_id,
                user_id=call.person().id,
                is_editor=1,
                joined_at=call.store.now(),
            )
    space = space_by_id(call.store, space_id)
    return answer({"space": SpaceWriter(call).base(space)}, 201)


def _refuse_taken(call: Call, name: str) -> None:
    backing = call.store.exists(
        "SELECT 1 FROM people_group WHERE workspace_id = ? AND name = ?",
        call.workspace.id,
        space_group_name(name),
    )
    if backing or name_is_taken(call, name):
        raise ApiError(
            400, "space_already_exists", "Space with that name already exists in this workspace."
        )


def _refuse_over_plan(call: Call, kind: SpaceKind) -> None:
    limit = call.workspace.max_spaces
    used = call.store.number(
        "SELECT count(*) FROM space WHERE workspace_id = ? AND kind = 'regular'",
        call.workspace.id,
    )
    if kind is SpaceKind.REGULAR and limit is not None and used is not None and used >= limit:
        raise ApiError(
            403,
            "plan_limit_error",
            "The maximum number of spaces has been reached. Please upgrade your plan.",
        )


def _groups_to_attach(call: Call, body: _Create) -> list[Group]:
    groups = []
    for sid in dict.fromkeys(body.group_ids):
        group = call.store.row(
            Group,
            "SELECT * FROM people_group WHERE workspace_id = ? AND sid = ?",
            call.workspace.id,
            sid,
        )
        if group is None:
            raise ApiError(500, "internal_server_error", "The space cannot be created.")
        if group.kind not in ATTACHABLE:
            raise bad_request("Only provisioned and manual groups can be attached to a space.")
        groups.append(group)
    return groups


def _add_people(call: Call, space_id: int, sids: list[str]) -> None:
    """Add the members that exist; Dust drops the others in silence."""
    for sid in dict.fromkeys(sids):
        user_id = call.store.number(
            "SELECT user.id FROM user JOIN membership ON user_id = user.id"
            " WHERE workspace_id = ? AND sid = ?",
            call.workspace.id,
            sid,
        )
        if user_id is not None:
            call.store.insert(
                "space_member",
                space_id=space_id,
                user_id=user_id,
                is_editor=0,
                joined_at=call.store.now(),
            )
