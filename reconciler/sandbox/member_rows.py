"""People in the database, and what they look like on the wire."""

from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.envelope import ApiError, bad_request
from reconciler.sandbox.records import Member

ATTACHABLE = ("provisioned", "regular_manual")


def member_json(member: Member) -> dict[str, Any]:
    """A person, as member lists show them."""
    first, _, last = member.full_name.partition(" ")
    return {
        "sId": member.sid,
        "id": member.id,
        "createdAt": member.created_at,
        "username": member.email.partition("@")[0],
        "email": member.email,
        "firstName": first,
        "lastName": last or None,
        "fullName": member.full_name,
        "image": None,
    }


MEMBERS = (
    "SELECT user.id, user.sid, email, full_name, role, membership.created_at FROM membership"
    " JOIN user ON user.id = user_id WHERE workspace_id = ?"
)


def user_id_of(call: Call, sid: str) -> int:
    """The row id of a member.

    Raises:
        ApiError: 404 there is no such user, 400 they are of another workspace.
    """
    found = call.store.values("SELECT id FROM user WHERE sid = ?", sid)
    if not found:
        raise ApiError(404, "user_not_found", "The user was not found.")
    belongs = call.store.exists(
        "SELECT 1 FROM membership WHERE workspace_id = ? AND user_id = ?",
        call.workspace.id,
        found[0][0],
    )
    if not belongs:
        raise bad_request("The user is not a member of the workspace.")
    return int(found[0][0])
