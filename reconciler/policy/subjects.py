"""What rules see of resources, changes and live objects: plain JSON, references for secrets."""

from collections.abc import Mapping
from typing import Any

from reconciler.resources import Change, Hidden, LiveResource, Resource, show_path


def resource_value(resource: Resource) -> dict[str, Any]:
    """A resource as its manifest says, with the defaults of its kind."""
    return {
        "kind": resource.address.kind,
        "name": resource.address.name,
        "address": str(resource.address),
        "protect": resource.protect,
        "spec": plain(resource.spec),
    }


def live_value(live: LiveResource) -> dict[str, Any]:
    """An object as the workspace has it; a write-only field is `true` when it has a value."""
    return {"remoteId": live.remote_id, "title": live.title, "spec": plain(live.spec)}


def change_value(change: Change, consequences: tuple[str, ...]) -> dict[str, Any]:
    """A change with its fields, before and after; a secret is `{"hidden": where it is kept}`."""
    return {
        "action": change.action.value,
        "reason": change.reason.value,
        "kind": change.address.kind,
        "name": change.address.name,
        "address": str(change.address),
        "title": change.title,
        "fields": [
            {
                "field": show_path(field.path),
                "path": list(field.path),
                "before": plain(field.before),
                "after": plain(field.after),
                "reason": field.reason.value,
            }
            for field in change.fields
        ],
        "consequences": list(consequences),
    }


def plain(value: Any) -> Any:
    """The value as JSON has it: sets are sorted lists."""
    match value:
        case Hidden():
            return {"hidden": value.source}
        case Mapping():
            return {str(key): plain(inner) for key, inner in value.items()}
        case frozenset():
            return sorted(value)
        case list() | tuple():
            return [plain(inner) for inner in value]
        case _:
            return value
