"""Writes of servers: create, credentials, what people see, delete."""

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.providers.contract import Done
from reconciler.providers.dust import consents, tool_settings, views
from reconciler.providers.dust.absence import prove_absent
from reconciler.providers.dust.details import detail
from reconciler.providers.dust.goals import goal, mode
from reconciler.providers.dust.sealed import headers, token
from reconciler.providers.dust.servers_plan import (
    ATTACH,
    CREATE,
    CREDENTIALS,
    DELETE,
    DELETE_DEPOSED,
    DELETE_OLD,
    DESCRIBE,
    ICON,
    SIGN_IN,
    SKILLS_ONLY,
    TOOLS,
    USE_CASE,
    VIEW_ADD,
    VIEW_REMOVE,
    sets_token,
)
from reconciler.providers.dust.task import Task, segment
from reconciler.providers.dust.wire_servers import DELETED, SERVER_CREATED, SUCCESS
from reconciler.providers.failures import NotFound, Rejected
from reconciler.resources import Action


def perform(task: Task) -> Done:
    """Send the operation of a server. Raises ProviderError."""
    return _WRITES[task.operation.name.partition(":")[0]](task)


def _create(task: Task) -> Done:
    spec: Any = task.spec
    body: dict[str, Any] = {"serverType": "remote", "url": spec["url"], "includeGlobal": False}
    name = task.operation.arguments["viewName"]
    if name is not None:
        body["viewName"] = name
    if mode(task.change) == "bearer" and "auth" in spec:
        body["sharedSecret"] = token(task)
    if spec.get("headers"):
        body["customHeaders"] = headers(task)
    body |= consents.credentials(task)
    with consents.awaited(task):
        created = task.client.send(
            "POST", "/mcp", SERVER_CREATED, body=body, idempotent=False, patient=True
        )
    return Done(remote_id=created.server.s_id, settles=consents.settled(task))


def _credentials(task: Task) -> Done:
    """Only what changes: a token alone must not touch the headers, nor the reverse."""
    body: dict[str, Any] = {}
    if sets_token(task.change):
        body["sharedSecret"] = token(task) if mode(task.change) == "bearer" else ""
    if task.change.changes(("headers",)):
        body["customHeaders"] = headers(task)
    return _patch_server(task, body)


def _icon(task: Task) -> Done:
    # A body of its own: beside credentials the platform would drop one of the two.
    making = task.change.action is not Action.UPDATE
    icon = goal(task.change).icon if making else task.spec["icon"]
    return _patch_server(task, {"icon": icon})


def _patch_server(task: Task, body: Mapping[str, Any]) -> Done:
    path = f"/mcp/{segment(task.object_id())}"
    task.client.send("PATCH", path, SUCCESS, body=body, idempotent=True)
    return Done()


def _describe(task: Task) -> Done:
    """Both keys always: a body with one of them is refused, and null changes nothing."""
    known = detail(task)
    if task.change.action is Action.UPDATE:
        name, description = known.view_name, known.view_description
        if task.change.changes(("displayName",)):
            name = str(task.spec["displayName"])
        if task.change.changes(("description",)):
            description = str(task.spec["description"])
    else:
        wish = goal(task.change)
        name = wish.name if wish.name is not None else known.view_name
        description = wish.description if wish.description is not None else known.view_description
    try:
        return _patch_view(task, {"name": name, "description": description})
    except Rejected as error:
        error.help = error.help or ("if the name is taken, choose another `displayName`",)
        raise


def _use_case(task: Task) -> Done:
    body = {"oAuthUseCase": consents.use_case(task)}
    scope = consents.scope(task)
    return _patch_view(task, body if scope is None else {**body, "oauthScope": scope})


def _skills_only(task: Task) -> Done:
    return _patch_view(task, {"isRestrictedToSkills": True})


def _patch_view(task: Task, body: Mapping[str, Any]) -> Done:
    path = f"/mcp/views/{segment(detail(task).system_view_id)}"
    task.client.send("PATCH", path, SUCCESS, body=body, idempotent=True)
    return Done()


def _delete(task: Task) -> Done:
    server = str(task.operation.arguments["id"])
    try:
        task.client.send("DELETE", f"/mcp/{segment(server)}", DELETED, idempotent=True)
    except NotFound as error:  # it is gone, which is what was asked for, if it says so itself
        prove_absent(task.client, "MCPServer", server, lacking=error.call)
    return Done()


_WRITES: Mapping[str, Callable[[Task], Done]] = {
    SIGN_IN: consents.ask,
    ATTACH: consents.attach,
    CREATE: _create,
    CREDENTIALS: _credentials,
    ICON: _icon,
    TOOLS: tool_settings.write,
    DESCRIBE: _describe,
    USE_CASE: _use_case,
    SKILLS_ONLY: _skills_only,
    DELETE: _delete,
    DELETE_OLD: _delete,
    DELETE_DEPOSED: _delete,
    VIEW_ADD: views.add,
    VIEW_REMOVE: views.remove,
}
