"""Writes of spaces."""

from collections.abc import Mapping
from typing import Any

from reconciler.providers.contract import Done
from reconciler.providers.dust.absence import prove_absent
from reconciler.providers.dust.directory import read_groups
from reconciler.providers.dust.live import attached, membership
from reconciler.providers.dust.refusals import TAKEN_HELP
from reconciler.providers.dust.spaces_plan import CREATE, DELETE, MEMBERS, RENAME
from reconciler.providers.dust.task import Task, segment
from reconciler.providers.dust.wire import SPACE_DETAIL, SPACE_WRITTEN, SpaceDetail
from reconciler.providers.failures import Conflict, NotFound, Rejected
from reconciler.resources import Action


def perform(task: Task) -> Done:
    """Send the operation of a space. Raises ProviderError."""
    return _WRITES[task.operation.name](task)


def _create(task: Task) -> Done:
    spec: Any = task.spec
    # The groups are attached afterwards, but a wrong name is to be found out before.
    task.directory.groups(list(spec.get("groups") or ()))
    body = {
        "name": spec["displayName"],
        "isRestricted": spec.get("access") != "open",
        "spaceKind": "regular",
        "managementMode": "manual",
        "memberIds": task.directory.people(list(spec.get("members") or ())),
    }
    written = task.client.send("POST", "/spaces", SPACE_WRITTEN, body=body, idempotent=False)
    return Done(remote_id=written.space.s_id)


def _rename(task: Task) -> Done:
    path = f"/spaces/{segment(task.object_id())}"
    body = {"name": task.spec["displayName"]}
    try:
        task.client.send("PATCH", path, SPACE_WRITTEN, body=body, idempotent=True)
    except Rejected as error:
        error.help = error.help or TAKEN_HELP
        raise
    return Done()


def _set_members(task: Task) -> Done:
    """Send the whole state: an omitted dimension would be emptied.

    Dust API: the newest body has four lists; an older one wants `name` and `managementMode`
    too, and strips what it doesn't know. Sending all of them suits every version.
    """
    path = f"/spaces/{segment(task.object_id())}"
    live = task.client.get(path, SPACE_DETAIL).space
    state = _live_membership(task, live)
    restricted = live.is_restricted
    _insist_on_what_was_planned_on(task, state, restricted=restricted)
    spec: Any = task.spec
    if _manages(task, "access"):
        restricted = spec["access"] != "open"
    if _manages(task, "members"):
        state["memberIds"] = task.directory.people(list(spec["members"]))
        # A person in both lists crashes the platform; who is named a member is one.
        state["editorIds"] = [e for e in state["editorIds"] if e not in state["memberIds"]]
    if _manages(task, "groups"):
        state["groupIds"] = task.directory.groups(list(spec["groups"]))
        state["editorGroupIds"] = [e for e in state["editorGroupIds"] if e not in state["groupIds"]]
    state["managementMode"] = "group" if state["groupIds"] or state["editorGroupIds"] else "manual"
    body = {"name": live.name, "isRestricted": restricted, **state}
    task.client.send("PATCH", f"{path}/members", SPACE_WRITTEN, body=body, idempotent=True)
    return Done()


def _insist_on_what_was_planned_on(
    task: Task, state: Mapping[str, Any], *, restricted: bool
) -> None:
    """Raise Conflict when what the write sends back isn't as it was when the change was planned.

    Which of the two reads is the older one can't be told, and the write would make it last.
    """
    live = task.change.live
    if live is None or task.change.action is not Action.UPDATE:
        return
    sides = {
        "members": ("memberIds", "editorIds"),
        "groups": ("groupIds", "editorGroupIds"),
    }
    kept = [name for field, names in sides.items() if not _manages(task, field) for name in names]
    same = all(live.facts.get(name, state[name]) == state[name] for name in kept)
    known = {"restricted": True, "open": False}.get(str(live.spec.get("access")), restricted)
    if same and (_manages(task, "access") or known == restricted):
        return
    raise Conflict(
        f"who may use {task.change.address} was changed since the workspace was read",
        call=f"GET /spaces/{task.object_id()}",
        help=("plan again",),
    )


def _manages(task: Task, field: str) -> bool:
    """Whether this write sets the field: always at create, else only when it is to change."""
    if field not in task.spec:
        return False
    return task.change.action is not Action.UPDATE or task.change.changes((field,))


def _live_membership(task: Task, live: SpaceDetail) -> dict[str, Any]:
    state = membership(live)
    if live.groups is None or any(group.s_id is None for group in attached(live)):
        # Older deployments leave the ids of attached groups to the list of groups.
        known = {g.s_id for g in read_groups(task.client, (("spaceId", live.s_id),))}
        state["groupIds"] = sorted(known - set(state["editorGroupIds"]))
    return state


def _delete(task: Task) -> Done:
    """Never with `force`: a space that agents use stays, and the platform says who they are."""
    space = task.object_id()
    path = f"/spaces/{segment(space)}"
    try:
        task.client.send("DELETE", path, SPACE_WRITTEN, idempotent=True)
    except NotFound as error:  # it is gone, which is what was asked for, if it says so itself
        prove_absent(task.client, "Space", space, lacking=error.call)
    except Rejected as error:
        raise Rejected(
            error.message,
            call=error.call,
            status=error.status,
            help=("remove these uses in the workspace first: this tool never forces a delete",),
        ) from error
    return Done()


_WRITES = {CREATE: _create, RENAME: _rename, MEMBERS: _set_members, DELETE: _delete}
