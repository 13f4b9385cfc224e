"""Short ways to say desired resources, live objects, snapshots, state and plans."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from reconciler.diagnostics import Span
from reconciler.planning import Inputs, Observation, Plan, make_plan
from reconciler.providers.dust import DustProvider
from reconciler.resources import (
    Action,
    Address,
    Change,
    Directory,
    FieldChange,
    Guards,
    LiveResource,
    Path,
    Resource,
    Snapshot,
)
from reconciler.state import Entry, Intent, State

WORKSPACE_ID = "w1"
COMPANY_ID = "vlt_all"
URL = "https://mcp.acme.example/mcp"
PROVIDER = DustProvider()


class Lines:
    """A locator: every resource has a file of its own, every field of it a line."""

    def span(self, address: Address, path: Path = ()) -> Span | None:
        line = 3 + len(path) + sum(map(len, path)) % 20
        file = f"manifests/{address.name}.yaml"
        return Span(file=file, line=line, column=3, end_line=line, end_column=9)


class Nowhere:
    """A locator that knows no place."""

    def span(self, address: Address, path: Path = ()) -> Span | None:
        return None


def resource(kind: str, name: str, spec: Mapping[str, Any], **more: Any) -> Resource:
    """A desired resource as manifests give it, defaults filled in."""
    made = Resource(address=Address(kind, name), spec=dict(spec), **more)
    return replace(made, spec=made.kind.defaults(name, made.spec))


def space(name: str, spec: Mapping[str, Any] | None = None, **more: Any) -> Resource:
    """A desired space."""
    return resource("Space", name, spec or {}, **more)


def server(name: str, spec: Mapping[str, Any] | None = None, **more: Any) -> Resource:
    """A desired server; its URL is `URL` unless the spec has one."""
    return resource("MCPServer", name, {"url": URL, **(spec or {})}, **more)


def live_space(remote_id: str, spec: Mapping[str, Any], **facts: Any) -> LiveResource:
    """A space of the workspace; what the spec leaves out is empty."""
    whole = {"displayName": remote_id, "access": "restricted", "members": [], "groups": [], **spec}
    return LiveResource(
        kind="Space",
        remote_id=remote_id,
        title=str(whole["displayName"]),
        spec=whole,
        facts={"kind": "regular", "tools": 0, **facts},
    )


def live_server(remote_id: str, spec: Mapping[str, Any], **facts: Any) -> LiveResource:
    """A server of the workspace; what the spec leaves out is as the platform makes it."""
    whole: dict[str, Any] = {
        "url": URL,
        "displayName": f"mcp {remote_id}",
        "description": "Call a tool to answer a question.",
        "icon": "ActionCommand1Icon",
        "spaces": [],
        "auth": {"mode": "none"},
        "headers": {},
        "tools": {},
        **spec,
    }
    return LiveResource(
        kind="MCPServer",
        remote_id=remote_id,
        title=whole["displayName"],
        spec=whole,
        facts={
            "systemViewId": f"mcpsv_{remote_id}",
            "views": {sid: f"mcpsv_{remote_id}_{sid}" for sid in whole["spaces"]},
            "viewName": whole["displayName"],
            "viewDescription": whole["description"],
            "workspaceConnection": False,
            "restrictedToSkills": False,
            **facts,
        },
    )


def tool(stake: str = "high", *, enabled: bool = True) -> dict[str, Any]:
    """The settings of one tool."""
    return {"stake": stake, "enabled": enabled}


def snapshot(
    *live: LiveResource,
    complete: Iterable[str] = ("Space", "MCPServer"),
    at: int | None = None,
) -> Snapshot:
    """A workspace that holds these."""
    return Snapshot(
        workspace_id=WORKSPACE_ID,
        resources={
            kind: {item.remote_id: item for item in live if item.kind == kind}
            for kind in ("Space", "MCPServer")
        },
        complete=frozenset(complete),
        company=frozenset({COMPANY_ID}),
        at=at,
    )


def with_people(whole: Snapshot, members: Iterable[str], groups: Iterable[str] = ()) -> Snapshot:
    """The snapshot, with a directory."""
    people = Directory(members=frozenset(members), groups=frozenset(groups))
    return replace(whole, directory=people)


def state(entries: Mapping[str, Entry] | None = None, *unfinished: Intent) -> State:
    """State that owns these, by address as text."""
    return State(
        provider="dust",
        workspace_id=WORKSPACE_ID,
        lineage="lineage-1",
        serial=7,
        entries={Address.parse(text): entry for text, entry in (entries or {}).items()},
        unfinished=unfinished,
    )


def owned(remote_id: str, applied: Mapping[str, Any], **more: Any) -> Entry:
    """An entry: the object, and the spec last applied to it."""
    return Entry(remote_id=remote_id, applied=dict(applied), **more)


def inputs(
    resources: Iterable[Resource],
    whole: Snapshot,
    remembered: State | None = None,
    *,
    observations: Mapping[tuple[str, Path], Observation] | None = None,
    guards: Guards | None = None,
    allow: Iterable[str] = (),
) -> Inputs:
    """What planning is given."""
    return Inputs(
        resources={item.address: item for item in resources},
        state=remembered or state(),
        snapshot=whole,
        locator=Lines(),
        forecaster=PROVIDER,
        guards=guards or Guards(),
        observations={
            (Address.parse(text), path): seen for (text, path), seen in (observations or {}).items()
        },
        allow=frozenset(allow),
    )


def plan(
    resources: Iterable[Resource], whole: Snapshot, remembered: State | None = None, **more: Any
) -> Plan:
    """The plan for these resources."""
    return make_plan(inputs(resources, whole, remembered, **more))


def change_of(made: Plan, address: str) -> Change:
    """The change of one resource; fails when there is none."""
    return next(change for change in made.changes if str(change.address) == address)


def actions(made: Plan) -> list[tuple[str, Action]]:
    """Address and action of every change, in order."""
    return [(str(change.address), change.action) for change in made.changes]


def field_of(change: Change, *path: str) -> FieldChange:
    """One field of a change; fails when it doesn't change."""
    return next(item for item in change.fields if item.path == path)
