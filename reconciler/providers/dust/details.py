"""What a write must know of the server it works on: from planning's read, or read now."""

from dataclasses import dataclass
from typing import Any

from reconciler.providers.dust.live import tool_settings
from reconciler.providers.dust.task import Task, segment
from reconciler.providers.dust.wire_servers import SERVER_DETAIL, ServerDetail
from reconciler.providers.failures import Conflict
from reconciler.resources import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """A server's system view, and the settings of the tools it offers."""

    system_view_id: str
    view_name: str | None
    view_description: str | None
    tools: dict[str, dict[str, Any]]


def read_server(task: Task) -> ServerDetail:
    """The server as it is now. Raises NotFound when it is gone."""
    return task.client.get(f"/mcp/{segment(task.object_id())}", SERVER_DETAIL).server


def detail(task: Task) -> Detail:
    """What is known of the server, read once per change when planning didn't see it.

    Raises Conflict when the server has no system view: it was left half made.
    """
    live = task.change.live
    if task.change.action is Action.UPDATE and live is not None and live.facts["systemViewId"]:
        spec: Any = live.spec
        return Detail(
            system_view_id=live.facts["systemViewId"],
            view_name=live.facts["viewName"],
            view_description=live.facts["viewDescription"],
            tools=spec["tools"],
        )
    key = f"detail:{task.object_id()}"
    if key not in task.run.facts:
        task.run.facts[key] = _fresh(task)
    found = task.run.facts[key]
    assert isinstance(found, Detail)
    return found


def _fresh(task: Task) -> Detail:
    server = read_server(task)
    system = task.landmarks.places().system
    view = next((view for view in server.views if view.space_id == system), None)
    if view is None:
        raise Conflict(
            f"the server {server.s_id} has no system view: it was left half made",
            call=f"GET /mcp/{server.s_id}",
            help=("delete it in the workspace and plan again: it will be made anew",),
        )
    names = [tool["name"] for tool in server.tools]
    return Detail(
        system_view_id=view.s_id,
        view_name=view.name,
        view_description=view.description,
        tools=tool_settings(names, view.tools_metadata),
    )
