"""An ideal workspace in memory: carries operations out on a snapshot as the platform would.

It is a test double of the provider boundary, for what no real platform does on demand: faults
between any two operations, and every interleaving. It keeps the platform's rules that order and
ownership depend on: names are unique, the company space takes the other views away, a deleted
space takes its views along, write-only values can't be read back.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from threading import RLock
from typing import Any

from reconciler.providers import Caller, ConsentPending, Done, NotFound, ReadRequest, Rejected, Run
from reconciler.resources import (
    COMPANY,
    MCP_SERVER,
    Action,
    Address,
    Change,
    LiveResource,
    Operation,
    Snapshot,
    Users,
)
from reconciler.state import Consent
from tests.parts.values import COMPANY_ID, live_server, live_space, snapshot, tool


class World:
    """The workspace. Safe to use from several threads.

    `offers` are the tools that servers have at each URL; `log` what was done, in order;
    `signed_in` the connections for which a person has signed in; `clock` its time in milliseconds.
    """

    def __init__(self, offers: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self.spaces: dict[str, dict[str, Any]] = {}
        self.servers: dict[str, dict[str, Any]] = {}
        self.offers = dict(offers or {})
        self.log: list[str] = []
        self.signed_in: set[str] = set()
        self.clock = 1_790_000_000_000
        self.made_at: dict[str, int] = {}
        self._lock = RLock()
        self._made = 0

    # reading

    def check_access(self) -> Caller:
        """Somebody who may do everything."""
        return Caller(email="ana@acme.example", role="admin", workspace_name="Acme")

    def snapshot(self, request: ReadRequest | None = None) -> Snapshot:
        """Everything as it is."""
        with self._lock:
            counts = [sid for spec in self.servers.values() for sid in spec["spaces"]]
            return snapshot(
                *(
                    self._dated(live_space(sid, deepcopy(spec), tools=counts.count(sid)))
                    for sid, spec in sorted(self.spaces.items())
                ),
                *(
                    self._dated(
                        live_server(sid, {**deepcopy(spec), "spaces": sorted(spec["spaces"])})
                    )
                    for sid, spec in sorted(self.servers.items())
                ),
                at=self.now(),
            )

    def now(self) -> int:
        """The time, in milliseconds; it goes on by itself only when something is made."""
        with self._lock:
            return self.clock

    def _dated(self, live: LiveResource) -> LiveResource:
        made = self.made_at[live.remote_id]
        return replace(live, created=made, changed=made)

    def users(self, remote_ids: Iterable[str]) -> Mapping[str, Users]:
        """Nobody uses anything."""
        return {sid: Users() for sid in remote_ids if sid in self.servers}

    def find(self, kind: str, remote_id: str) -> LiveResource | None:
        """One object as it is."""
        return self.snapshot().find(kind, remote_id)

    # what people do by hand

    def add_space(self, **spec: Any) -> str:
        """A space; gives its id."""
        with self._lock:
            whole = {"access": "restricted", "members": [], "groups": [], **spec}
            self._claim(self.spaces, str(whole["displayName"]), None)
            return self._insert(self.spaces, "vlt", whole)

    def add_server(self, **spec: Any) -> str:
        """A server; gives its id. Without a name it has one of the platform's."""
        with self._lock:
            if "displayName" in spec:
                self._claim(self.servers, spec["displayName"], None)
            whole = {
                "displayName": f"mcp {self._made + 1}",
                "description": "Call a tool to answer a question.",
                "icon": "ActionCommand1Icon",
                "spaces": [],
                "auth": {"mode": "none"},
                "headers": {},
                "tools": {name: tool() for name in self.offers.get(spec["url"], ())},
                **spec,
            }
            return self._insert(self.servers, "rms", whole)

    def remove(self, remote_id: str) -> None:
        """Delete an object, and what goes with it. Raises NotFound."""
        with self._lock:
            table = self.spaces if remote_id in self.spaces else self.servers
            if table.pop(remote_id, None) is None:
                raise NotFound(f"no {remote_id}")
            for spec in self.servers.values():
                spec["spaces"] = [sid for sid in spec["spaces"] if sid != remote_id]

    def show(self, server: str, space: str) -> None:
        """Show a server in a space; in the company space, nowhere else."""
        with self._lock:
            if space != COMPANY_ID and space not in self.spaces:
                raise NotFound(f"no space {space}")
            before = [] if space == COMPANY_ID else self.servers[server]["spaces"]
            self.servers[server]["spaces"] = [*(sid for sid in before if sid != space), space]

    # what the tool does

    def perform(self, operation: Operation, change: Change, run: Run) -> Done:
        """Carry one operation out. Raises Rejected for a name that is taken, NotFound."""
        name, _, argument = operation.name.partition(":")
        with self._lock:
            self.log.append(f"{change.address} {operation.name}")
            if operation.deletes:
                self.remove(operation.arguments.get("id") or str(run.remote_id))
                return Done()
            if change.address.kind == "Space":
                return self._space(name, change, run)
            return self._server(name, argument, operation, change, run)

    def _space(self, name: str, change: Change, run: Run) -> Done:
        wanted = _spec(change)
        if name == "create":
            first = {k: wanted[k] for k in ("displayName", "access", "members") if k in wanted}
            return Done(remote_id=self.add_space(**first))
        spec = self._get(self.spaces, run)
        if name == "rename":
            self._claim(self.spaces, wanted["displayName"], run.remote_id)
            spec["displayName"] = wanted["displayName"]
        else:
            creating = change.action is Action.CREATE
            for key in ("access", "members", "groups"):
                if key in wanted and (creating or change.changes((key,))):
                    spec[key] = wanted[key]
        return Done()

    def _server(
        self, name: str, argument: str, operation: Operation, change: Change, run: Run
    ) -> Done:
        wanted = _spec(change)
        if name == "create":
            self._insist(run)
            made = self._create(operation, wanted)
            return Done(remote_id=made, settles=("auth",) if run.consent else ())
        if name == "sign-in":
            return self._sign_in(change, run)
        spec = self._get(self.servers, run)
        match name:
            case "icon":
                spec["icon"] = _goal(change, "icon", spec)
            case "describe":
                named = _goal(change, "displayName", spec)
                self._claim(self.servers, named, run.remote_id)
                spec["displayName"] = named
                spec["description"] = _goal(change, "description", spec)
            case "tools":
                spec["tools"] = _tools(change, spec["tools"])
            case "credentials":
                spec.update(_credentials({**spec, **wanted}))
            case "attach":
                self._insist(run)
                spec["auth"]["connected"] = True
                return Done(settles=("auth",))
            case "use-case":
                spec["auth"] |= {k: v for k, v in wanted["auth"].items() if k == "credentials"}
            case "view-add":
                self.show(str(run.remote_id), self._space_id(argument, change, run))
            case "view-remove":
                gone = self._space_id(argument, change, run)
                spec["spaces"] = [sid for sid in spec["spaces"] if sid != gone]
            case _:
                raise AssertionError(f"this world doesn't know {operation.name}")
        return Done()

    def _sign_in(self, change: Change, run: Run) -> Done:
        asked = str(_spec(change)["auth"])
        if run.consent is None or run.consent.asked != asked:
            self._made += 1
            sid = f"con_{self._made}"
            raise ConsentPending(
                Consent(
                    connection=sid,
                    provider="mcp",
                    url=f"https://as.example/authorize?state={sid}",
                    who="ana@acme.example",
                    since="2026-01-01T00:00:00+00:00",
                    asked=asked,
                    scopes=("discovered",),
                )
            )
        run.learned["auth", "scopes"] = ["discovered"]
        return Done()

    def _insist(self, run: Run) -> None:
        if run.consent is not None and run.consent.connection not in self.signed_in:
            raise ConsentPending(run.consent)

    def _create(self, operation: Operation, wanted: dict[str, Any]) -> str:
        shown_as = operation.arguments.get("viewName")
        named = {"displayName": shown_as} if shown_as else {}
        return self.add_server(url=wanted["url"], **named, **_credentials(wanted))

    def _space_id(self, label: str, change: Change, run: Run) -> str:
        if label in (COMPANY, COMPANY_ID):
            return COMPANY_ID
        if label in change.links:
            return change.links[label]
        return label if label in self.spaces else run.resolve(Address("Space", label))

    def _get(self, table: dict[str, dict[str, Any]], run: Run) -> dict[str, Any]:
        found = table.get(str(run.remote_id))
        if found is None:
            raise NotFound(f"no {run.remote_id}")
        return found

    def _claim(self, table: dict[str, dict[str, Any]], name: str, owner: str | None) -> None:
        for sid, spec in table.items():
            if sid != owner and spec["displayName"].casefold() == name.casefold():
                raise Rejected(f"{sid} has the name {name}")

    def _insert(self, table: dict[str, dict[str, Any]], prefix: str, spec: dict[str, Any]) -> str:
        self._made += 1
        self.clock += 1
        self.made_at[f"{prefix}_{self._made}"] = self.clock
        table[f"{prefix}_{self._made}"] = spec
        return f"{prefix}_{self._made}"


def _spec(change: Change) -> dict[str, Any]:
    return dict(change.desired.spec) if change.desired else {}


def _goal(change: Change, field: str, now: Mapping[str, Any]) -> Any:
    """The manifest's value where this change writes it, else the one that the object had."""
    writes = change.action is not Action.UPDATE or change.changes((field,))
    wanted = _spec(change)
    if writes and field in wanted:
        return wanted[field]
    return (change.live.spec if change.live else now)[field]


def _tools(change: Change, offered: Mapping[str, Any]) -> dict[str, Any]:
    carried: Any = change.live.spec["tools"] if change.live else {}
    managed: Any = MCP_SERVER.expand(_spec(change), {"tools": dict(offered)}).get("tools", {})
    changed = {field.path[1:] for field in change.fields if field.path[0] == "tools"}
    return {
        name: {**row, **carried.get(name, {})}
        | {
            key: value
            for key, value in managed.get(name, {}).items()
            if change.action is not Action.UPDATE or (name, key) in changed
        }
        for name, row in offered.items()
    }


def _credentials(spec: Mapping[str, Any]) -> dict[str, Any]:
    auth: Any = spec.get("auth") or {"mode": "none"}
    shown = {"mode": auth["mode"], **({"token": True} if auth["mode"] == "bearer" else {})}
    return {"auth": shown, "headers": dict.fromkeys(spec.get("headers") or {}, True)}
