"""Secret values on their way into a body: fetched while sending, checked, held nowhere."""

from typing import Any

from reconciler.providers.dust.task import Task
from reconciler.providers.failures import Rejected
from reconciler.resources import SecretRef

_MASK = "\N{BULLET}"
_BREAKS = ("\r", "\n", "\0")


def token(task: Task) -> str:
    """The bearer token of the manifest. Raises Rejected when it can't be one."""
    auth: Any = task.spec["auth"]
    return _value(task, auth["token"], "the bearer token")


def client_id(task: Task) -> str:
    """The id of the manifest's OAuth app. Raises Rejected when it can't be one."""
    auth: Any = task.spec["auth"]
    declared = auth["clientId"]
    return declared if isinstance(declared, str) else _value(task, declared, "the client id")


def client_secret(task: Task) -> str:
    """The secret of the manifest's OAuth app; empty for a public client."""
    auth: Any = task.spec["auth"]
    declared = auth.get("clientSecret")
    return "" if declared is None else _value(task, declared, "the client secret")


def headers(task: Task) -> list[dict[str, str]]:
    """All custom headers: the platform replaces the whole list, so each needs its value."""
    declared: Any = task.spec.get("headers") or {}
    return [
        {"key": name, "value": _value(task, value, f"the header `{name}`")}
        for name, value in sorted(declared.items())
    ]


def _value(task: Task, declared: Any, what: str) -> str:
    reference = SecretRef.from_json(declared)
    if reference is None:
        return str(declared["literal"])
    value = task.client.reveal(task.run.secret(reference))
    fault = _fault(value)
    if fault:
        raise Rejected(f"{what} ({reference}) {fault}", help=("correct the stored value",))
    return value


def _fault(value: str) -> str:
    """Values that the platform would drop, change, or take for its own mask."""
    if not value.strip():
        return "is empty"
    if any(mark in value.strip() for mark in _BREAKS):
        return "has a line break inside"
    if _MASK in value:
        return "holds the character the platform masks secrets with: it is a mask, not a value"
    return ""
