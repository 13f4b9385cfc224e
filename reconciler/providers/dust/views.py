"""Writes of views: where a server shows."""

from reconciler.providers.contract import Done
from reconciler.providers.dust.details import read_server
from reconciler.providers.dust.task import Task, segment
from reconciler.providers.dust.wire_servers import DELETED, SUCCESS
from reconciler.providers.failures import (
    Conflict,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    Rejected,
)
from reconciler.resources import COMPANY, Address


def add(task: Task) -> Done:
    """Show the server in a space; being there already is success.

    Dust API: the second time is refused, because the server's own name is in its way; a race
    ends in a 500. Only a read tells both from another server with that name.
    """
    space = _space_id(task, str(task.operation.arguments["space"]))
    body = {"mcpServerId": task.object_id()}
    path = f"/spaces/{segment(space)}/mcp_views"
    try:
        task.client.send("POST", path, SUCCESS, body=body, idempotent=True)
    except (Rejected, OutcomeUnknown) as error:
        if not _shown_after_all(task, space):
            _explain(error)
            raise
    return Done()


def _shown_after_all(task: Task, space: str) -> bool:
    try:
        return space in _placed(task)
    except ProviderError:
        return False  # the failure at hand says more than one of this question


def _explain(error: ProviderError) -> None:
    if isinstance(error, Rejected) and not error.help:
        error.help = ("if another tool of that space has its name, choose another `displayName`",)


def remove(task: Task) -> Done:
    """Remove the server from a space; not being there any more is success."""
    space = _space_id(task, str(task.operation.arguments["space"]))
    view = str(task.facts.get("views", {}).get(space, ""))
    path = f"/spaces/{segment(space)}/mcp_views/{segment(view)}"
    try:
        if not view:
            raise NotFound("the view isn't known")
        task.client.send("DELETE", path, DELETED, idempotent=True)
    except NotFound as error:
        if space in _placed(task):
            raise Conflict(
                f"{task.change.address} was put into the space anew since the workspace was read",
                call=error.call,
                status=error.status,
                help=("plan again",),
            ) from error
    return Done()


def _placed(task: Task) -> dict[str, str]:
    """The server's views by space, as they are now."""
    return {view.space_id: view.s_id for view in read_server(task).views}


def _space_id(task: Task, label: str) -> str:
    if label in task.change.links:
        return task.change.links[label]
    if label == COMPANY:
        return task.landmarks.places().company
    if label in task.facts.get("views", {}):
        return label  # a replace carries over spaces by their ids
    return task.run.resolve(Address("Space", label))
