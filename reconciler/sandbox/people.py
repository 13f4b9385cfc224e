"""Routes of people: groups, members of the workspace."""

from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import Field
from starlette.responses import Response

from reconciler.sandbox.call import Body, Call, query_error
from reconciler.sandbox.envelope import ApiError, answer, not_admin
from reconciler.sandbox.member_rows import MEMBERS, member_json, user_id_of
from reconciler.sandbox.records import Group, Member, Role
from reconciler.sandbox.store import new_sid

PAGE = 50
PAGE_LIMIT = 150
SEARCH_PAGE = 25
_GROUP_KINDS = ("global", "system", "provisioned", "regular_manual", "regular_auto")
_OF_GROUP = (
    " AND (user_id IN (SELECT user_id FROM group_member WHERE group_id = ?)"
    " OR user_id IN (SELECT user_id FROM space_member JOIN space ON space.id = space_id"
    " WHERE own_group_id = ?))"
)


class _NewGroup(Body):
    name: Annotated[str, Field(min_length=1)]
    member_ids: list[str]


async def list_groups(call: Call) -> Response:
    """GET /groups: by default only the kinds that nobody manages by hand."""
    kinds = call.params("kind") or ["global", "regular_auto"]
    if set(kinds) - set(_GROUP_KINDS):
        raise query_error("invalid kind")
    groups = call.store.rows(
        Group,
        "SELECT * FROM people_group WHERE workspace_id = ? ORDER BY id",
        call.workspace.id,
    )
    groups = [group for group in groups if group.kind in kinds]
    if (space_sid := call.param("spaceId")) is not None:
        attached = {
            row[0]
            for row in call.store.values(
                "SELECT group_id FROM space_group JOIN space ON space.id = space_id"
                " WHERE sid = ?1 UNION SELECT own_group_id FROM space WHERE sid = ?1",
                space_sid,
            )
        }
        groups = [group for group in groups if group.id in attached]
    return answer({"groups": [_group_json(call, group) for group in groups]})


def _group_json(call: Call, group: Group) -> dict[str, Any]:
    json = {"sId": group.sid, "name": group.name, "kind": group.kind}
    if group.kind == "global":
        members = call.store.rows(Member, MEMBERS, call.workspace.id)
    else:
        members = call.store.rows(
            Member,
            MEMBERS + _OF_GROUP,
            call.workspace.id,
            group.id,
            group.id,
        )
    with_members = {"members": [member_json(member) for member in members]}
    return {
        **json,
        "memberCount": len(members),
        **(with_members if call.flag("withMembers") else {}),
    }


async def create_group(call: Call) -> Response:
    """POST /groups: a manual group."""
    if call.role not in (Role.ADMIN, Role.MANAGER):
        raise not_admin(403, "Only managers and admins can create groups.")
    body = await call.body(_NewGroup)
    taken = call.store.exists(
        "SELECT 1 FROM people_group WHERE workspace_id = ? AND name = ?",
        call.workspace.id,
        body.name,
    )
    if taken:
        raise ApiError(409, "invalid_request_error", "A group with this name already exists.")
    user_ids = [user_id_of(call, sid) for sid in dict.fromkeys(body.member_ids)]
    with call.store.transaction():
        group_id = call.store.insert(
            "people_group",
            sid=new_sid("grp"),
            workspace_id=call.workspace.id,
            name=body.name,
            kind="regular_manual",
        )
        for user_id in user_ids:
            call.store.insert("group_member", group_id=group_id, user_id=user_id)
    group = call.store.row(Group, "SELECT * FROM people_group WHERE id = ?", group_id)
    assert group is not None
    return answer({"group": _group_json(call, group)}, 201)


async def list_members(call: Call) -> Response:
    """GET /members: newest first, paged by the creation time of the last one."""
    if not call.is_admin:
        raise not_admin(403, "Only users that are `admins` can see memberships.")
    limit = _number(call, "limit", PAGE, PAGE_LIMIT)
    if call.param("orderColumn") not in (None, "createdAt"):
        raise query_error("invalid orderColumn")
    order = call.param("orderDirection") or "desc"
    if order not in ("asc", "desc"):
        raise query_error("invalid orderDirection")
    after, direction = ("<", "DESC") if order == "desc" else (">", "ASC")
    last = _number(call, "lastValue", 0)
    members = call.store.rows(
        Member,
        f"{MEMBERS} AND (? = 0 OR membership.created_at {after} ?)"
        f" ORDER BY membership.created_at {direction} LIMIT ?",
        call.workspace.id,
        last,
        last,
        limit + 1,
    )
    shown = members[:limit]
    total = call.store.number(
        "SELECT count(*) FROM membership WHERE workspace_id = ?", call.workspace.id
    )
    next_page = None
    if len(members) > limit and shown:
        query = {
            "orderColumn": "createdAt",
            "orderDirection": order,
            "lastValue": shown[-1].created_at,
            "limit": limit,
        }
        next_page = f"{call.request.url.path}?{urlencode(query)}"
    return answer(
        {
            "members": [_with_role(call, member) for member in shown],
            "total": total,
            "nextPageUrl": next_page,
        }
    )


async def search_members(call: Call) -> Response:
    """GET /members/search: by a term in name or e-mail, or by exact e-mails."""
    limit = _number(call, "limit", SEARCH_PAGE, PAGE_LIMIT)
    offset = _number(call, "offset", 0)
    term = (call.param("searchTerm") or "").casefold()
    emails = [text.casefold() for text in (call.param("searchEmails") or "").split(",") if text]
    found = [
        member
        for member in call.store.rows(Member, f"{MEMBERS} ORDER BY full_name", call.workspace.id)
        if term in f"{member.full_name} {member.email}".casefold()
        and (not emails or member.email.casefold() in emails)
    ]
    page = found[offset : offset + limit]
    return answer({"members": [_with_role(call, each) for each in page], "total": len(found)})


def _with_role(call: Call, member: Member) -> dict[str, Any]:
    workspace = {"sId": call.workspace.sid, "name": call.workspace.name, "role": member.role}
    return {**member_json(member), "workspaces": [workspace]}


def _number(call: Call, name: str, default: int, limit: int | None = None) -> int:
    text = call.param(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or (limit is not None and int(text) > limit):
        raise query_error(f"invalid {name}")
    return int(text)
