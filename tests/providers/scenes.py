"""What provider tests stand on: connections, answers of a small workspace, changes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from reconciler.providers import Call, Connection, ReadRequest, Run
from reconciler.providers.dust import DustProvider
from reconciler.providers.dust.retries import Backoff
from reconciler.providers.dust.sessions import ReadClient, WriteClient
from reconciler.resources import (
    Action,
    Address,
    Change,
    FieldChange,
    LiveResource,
    Path,
    Reason,
    Resource,
    SecretRef,
    Shown,
    Snapshot,
)
from reconciler.secrets import Secret
from tests.parts.sandbox_process import SandboxProcess
from tests.parts.scripted_http import Reply, ScriptedHttp

TOKEN = "user.Zk3vQ9token-of-ana"
WORKSPACE = "w1"
ROOT = f"/api/w/{WORKSPACE}"
QUICK = Backoff(first=0.001, most=0.002, told_most=0.01, total=1.0)
"""Waits short enough for tests."""

PROVIDER = DustProvider(QUICK)


def connect(url: str, *, token: str = TOKEN, workspace: str = WORKSPACE, **more: Any) -> Connection:
    """A connection for tests, on which every write is permitted."""
    more = {"permit": lambda: None, **more}
    return Connection(url=url, workspace_id=workspace, token=Secret(token), **more)


@contextmanager
def reading(web: ScriptedHttp, **more: Any) -> Iterator[ReadClient]:
    """A client that reads from a scripted server."""
    client = ReadClient(connect(web.url, **more), QUICK)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def writing(web: ScriptedHttp, **more: Any) -> Iterator[WriteClient]:
    """A client that writes to a scripted server."""
    client = WriteClient(connect(web.url, **more), QUICK)
    try:
        yield client
    finally:
        client.close()


def fault(kind: str, message: str = "no", **beside: Any) -> Any:
    """An error body of the API."""
    return {"error": {"type": kind, "message": message}, **beside}


def refused(status: int, kind: str, message: str = "no", **headers: str) -> Reply:
    """An answer with an error body."""
    return Reply(status=status, json=fault(kind, message), headers=headers)


def tool_row(name: str, permission: str = "low", *, enabled: bool = True) -> dict[str, Any]:
    """The settings of a tool on the wire."""
    return {"toolName": name, "permission": permission, "enabled": enabled}


def view(
    sid: str = "mcpsv_s1",
    server: str = "rms_1",
    space: str = "vlt_sys",
    *,
    tools: tuple[str, ...] = ("search", "drop"),
    rows: list[dict[str, Any]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A full view on the wire."""
    return {
        "sId": sid,
        "spaceId": space,
        "serverType": "remote",
        "name": None,
        "description": None,
        "oAuthUseCase": None,
        "isRestrictedToSkills": False,
        "server": {
            "sId": server,
            "name": "acme-mcp",
            "description": "An MCP server",
            "tools": [{"name": name, "inputSchema": {}} for name in tools],
        },
        "toolsMetadata": rows or [],
        **more,
    }


def server(
    sid: str = "rms_1", spaces: tuple[str, ...] = ("vlt_sys", "vlt_a"), **more: Any
) -> dict[str, Any]:
    """A server of the list on the wire."""
    return {
        "sId": sid,
        "name": "acme-mcp",
        "description": "An MCP server",
        "url": "https://mcp.acme.example/mcp",
        "icon": "ActionCarIcon",
        "availability": "manual",
        "authorization": None,
        "sharedSecret": None,
        "customHeaders": None,
        "lastError": None,
        "views": [{"sId": f"mcpsv_{sid}_{at}", "spaceId": at} for at in spaces],
        **more,
    }


SPACES = [
    {"sId": "vlt_sys", "name": "System", "kind": "system"},
    {"sId": "vlt_all", "name": "Company Data", "kind": "global"},
    {"sId": "vlt_a", "name": "Alpha", "kind": "regular"},
    {"sId": "vlt_b", "name": "Beta", "kind": "regular"},
]


def space(sid: str = "vlt_a", name: str = "Alpha", **more: Any) -> dict[str, Any]:
    """One space read by itself."""
    detail = {
        "sId": sid,
        "name": name,
        "kind": "regular",
        "isRestricted": True,
        "members": [{"sId": "usr_1", "email": "Ana@Acme.example", "isEditor": False}],
        "groups": [],
        **more,
    }
    return {"space": detail}


def me(role: str = "admin", workspace: str = WORKSPACE) -> dict[str, Any]:
    """The caller on the wire."""
    place = {"sId": workspace, "name": "Acme", "role": role}
    return {"user": {"sId": "usr_1", "email": "ana@acme.example", "workspaces": [place]}}


def script_workspace(
    web: ScriptedHttp,
    *,
    servers: list[dict[str, Any]] | None = None,
    views: list[dict[str, Any]] | None = None,
) -> None:
    """Script a small workspace: two spaces, one server unless told otherwise."""
    web.on("GET", "/api/v1/me", Reply(json=me()))
    web.on("GET", f"{ROOT}/spaces", Reply(json={"spaces": SPACES}))
    web.on("GET", f"{ROOT}/spaces/vlt_a", Reply(json=space()))
    web.on("GET", f"{ROOT}/spaces/vlt_b", Reply(json=space("vlt_b", "Beta")))
    shown = [view()] if views is None else views
    web.on("GET", f"{ROOT}/spaces/vlt_sys/mcp_views", Reply(json={"serverViews": shown}))
    listed = [server()] if servers is None else servers
    web.on("GET", f"{ROOT}/mcp", Reply(json={"servers": listed}))
    web.on("GET", f"{ROOT}/mcp/connections/workspace", Reply(json={"connections": []}))
    members = [{"sId": "usr_1", "email": "Ana@Acme.example"}]
    page = {"members": members, "total": 1, "nextPageUrl": None}
    web.on("GET", f"{ROOT}/members", Reply(json=page))
    web.on("GET", f"{ROOT}/groups", Reply(json={"groups": []}))


NOTHING_OWNED = ReadRequest(owned={}, titles={})


def snap(url: str, request: ReadRequest = NOTHING_OWNED, **more: Any) -> Snapshot:
    """A snapshot of the workspace at `url`."""
    with PROVIDER.reader(connect(url, **more)) as reader:
        return reader.snapshot(request)


def shown(path: Path, before: Shown, after: Shown) -> FieldChange:
    """A field that was edited."""
    return FieldChange(path=path, before=before, after=after, reason=Reason.EDITED)


def change(
    address: str,
    action: Action,
    *,
    spec: Mapping[str, Any] | None = None,
    live: LiveResource | None = None,
    fields: tuple[FieldChange, ...] = (),
    ignore: tuple[str, ...] = (),
    remote_id: str | None = None,
    **more: Any,
) -> Change:
    """A change as planning would make it."""
    at = Address.parse(address)
    desired = None
    if spec is not None:
        desired = Resource(address=at, spec=dict(spec), ignore_changes=ignore)
    return Change(
        address=at,
        action=action,
        reason=Reason.EDITED,
        title=desired.title if desired else at.name,
        desired=desired,
        live=live,
        remote_id=live.remote_id if live else remote_id,
        fields=fields,
        **more,
    )


class Desk:
    """A sandbox as a person would use it: apply changes, look at what is there."""

    def __init__(self, sandbox: SandboxProcess, workspace: str | None = None) -> None:
        self.sandbox = sandbox
        self.workspace = workspace or sandbox.workspace_id
        self.token = sandbox.tokens["admin"]
        self.secrets: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        self.calls: list[Call] = []

    def connection(self) -> Connection:
        """As the administrator."""
        return connect(
            self.sandbox.url,
            token=self.token,
            workspace=self.workspace,
            observe=self.calls.append,
        )

    def snap(self, request: ReadRequest | None = None) -> Snapshot:
        """Everything, every space in full that was made here."""
        owned = {"Space": frozenset(self.ids.values())}
        with PROVIDER.reader(self.connection()) as reader:
            return reader.snapshot(request or ReadRequest(owned=owned, titles={}))

    def live(self, kind: str, remote_id: str) -> LiveResource:
        """One object, which must be there."""
        found = self.snap().find(kind, remote_id)
        assert found is not None
        return found

    def apply(self, planned: Change) -> str:
        """Perform all operations; the object's id afterwards."""
        run = Run(
            remote_id=planned.remote_id,
            resolve=lambda address: self.ids[address.name],
            secret=self._secret,
            facts=dict(planned.live.facts) if planned.live else {},
        )
        self.calls.clear()
        with PROVIDER.writer(self.connection()) as writer:
            for operation in PROVIDER.operations(planned):
                done = writer.perform(operation, planned, run)
                run.remote_id = done.remote_id or run.remote_id
        assert run.remote_id is not None
        self.ids[planned.address.name] = run.remote_id
        return run.remote_id

    def writes(self) -> list[tuple[str, str]]:
        """Method and path (below the workspace) of the writes of the last apply."""
        root = f"/api/w/{self.workspace}"
        return [
            (call.method, call.path.removeprefix(root))
            for call in self.calls
            if call.method != "GET"
        ]

    def _secret(self, reference: SecretRef) -> Secret:
        return Secret(self.secrets[reference.locator])
