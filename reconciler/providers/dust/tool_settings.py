"""Writes of tool settings: always both fields, in one call where the platform can."""

from typing import Any

from reconciler.providers.contract import Done
from reconciler.providers.dust.details import detail
from reconciler.providers.dust.goals import wished_tools
from reconciler.providers.dust.task import Task, segment
from reconciler.providers.dust.wire_servers import SUCCESS
from reconciler.providers.failures import ProviderError
from reconciler.resources import Action

_NOT_FOUND = 404


def write(task: Task) -> Done:
    """Set the tools that differ.

    Dust API: a field left out is reset to its default; deployments without the batch route
    answer it with 404.
    """
    rows = _changed(task) if task.change.action is Action.UPDATE else _differing(task)
    if not rows:
        return Done()
    path = f"/mcp/{segment(task.object_id())}/tools"
    try:
        task.client.send("PATCH", path, SUCCESS, body={"tools": rows}, idempotent=True)
    except ProviderError as error:
        if error.status != _NOT_FOUND:
            raise
    else:
        return Done()
    for row in rows:
        one = {"permission": row["permission"], "enabled": row["enabled"]}
        single = f"{path}/{segment(row['toolName'])}"
        task.client.send("PATCH", single, SUCCESS, body=one, idempotent=True)
        task.run.wrote = True
    return Done()


def _changed(task: Task) -> list[dict[str, Any]]:
    """The tools of an update: its fields over what the workspace has."""
    rows = {name: dict(row) for name, row in detail(task).tools.items()}
    named = set()
    for field in task.change.fields:
        match field.path:
            case ("tools", name, ("stake" | "enabled") as which) if name in rows:
                rows[name][which] = field.after
                named.add(name)
    return [_row(name, rows[name]) for name in sorted(named)]


def _differing(task: Task) -> list[dict[str, Any]]:
    """The tools of a new server whose settings aren't as wished.

    The platform's catalogue presets stakes for the URLs it knows, so only a read tells.
    """
    offered = detail(task).tools
    wished = wished_tools(task.change, offered)
    return [_row(name, wished[name]) for name in sorted(wished) if wished[name] != offered[name]]


def _row(name: str, row: dict[str, Any]) -> dict[str, Any]:
    return {"toolName": name, "permission": row["stake"], "enabled": row["enabled"]}
