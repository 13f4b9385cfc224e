"""N servers three ways: as manifests, as a workspace that matches them, as the state between."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconciler.manifests import load
from reconciler.resources import Address, SecretRef, secret_refs
from reconciler.secrets import Fingerprinter, Secret
from reconciler.state import Entry, State, dump

TOKEN = "bench-token-0123456789"
DOCUMENTS_PER_FILE = 50

_WORKSPACE = """\
apiVersion: reconciler/v1
kind: Workspace
metadata: {{name: bench}}
spec:
  provider: dust
  workspaceId: {workspace_id}
  url: {url}
  credentials:
    accessToken: {{env: DUST_ACCESS_TOKEN}}
  state: {{path: state.json}}
---
apiVersion: reconciler/v1
kind: Space
metadata: {{name: finance}}
spec:
  displayName: Finance
  access: restricted
  members: [ana@acme.example]
"""

_SERVER = """\
apiVersion: reconciler/v1
kind: MCPServer
metadata:
  name: server-{i:05}
spec:
  url: https://mcp{i:05}.acme.example/mcp
  displayName: Server {i:05}
  description: What server {i:05} is for
  icon: ActionRobotIcon
  spaces: [finance]
  auth:
    mode: bearer
    token: {{env: BENCH_TOKEN}}
  headers:
    X-Team: {{literal: platform}}
  tools:
    default: {{stake: high}}
    search: {{stake: never_ask}}
    delete_all: {{enabled: false}}
"""


def write_manifests(folder: Path, servers: int, *, workspace_id: str, url: str) -> None:
    """A workspace, a space and `servers` servers, fifty to a file."""
    folder.mkdir(parents=True, exist_ok=True)
    text = _WORKSPACE.format(workspace_id=workspace_id, url=url)
    (folder / "workspace.yaml").write_text(text, encoding="utf-8")
    for start in range(0, servers, DOCUMENTS_PER_FILE):
        numbers = range(start, min(start + DOCUMENTS_PER_FILE, servers))
        text = "---\n".join(_SERVER.format(i=i) for i in numbers)
        (folder / f"servers-{start:05}.yaml").write_text(text, encoding="utf-8")


def seed(servers: int) -> dict[str, Any]:
    """The same as a seed of the sandbox."""
    return {
        "workspaces": [
            {
                "sId": "bench",
                "name": "Bench",
                "members": [{"email": "ana@acme.example", "role": "admin", "token": TOKEN}],
                "spaces": [{"name": "Finance", "members": ["ana@acme.example"]}],
                "servers": list(_seed_servers(servers)),
            }
        ]
    }


def _seed_servers(servers: int) -> Iterator[dict[str, Any]]:
    for i in range(servers):
        yield {
            "url": f"https://mcp{i:05}.acme.example/mcp",
            "name": f"mcp{i:05}",
            "icon": "ActionRobotIcon",
            "bearer": TOKEN,
            "headers": {"X-Team": "platform"},
            "viewName": f"Server {i:05}",
            "viewDescription": f"What server {i:05} is for",
            "spaces": ["Finance"],
            "tools": [
                {"name": "search", "stake": "never_ask"},
                {"name": "delete_all", "stake": "high", "enabled": False},
                {"name": "create", "stake": "high"},
            ],
        }


def write_state(folder: Path, live: dict[str, Any]) -> None:
    """State that owns everything in `live` (answers of the workspace by path)."""
    desired = load([folder]).desired
    assert desired is not None
    fingerprint = Fingerprinter().of(SecretRef("env", "BENCH_TOKEN"), Secret(TOKEN))
    ids = {server["url"]: server["sId"] for server in live["servers"] if server.get("url")}
    spaces = {space["name"]: space["sId"] for space in live["spaces"]}
    entries: dict[Address, Entry] = {}
    for address, resource in desired.resources.items():
        spec = resource.spec
        remote = (
            spaces[str(spec["displayName"])]
            if address.kind == "Space"
            else ids.get(str(spec["url"]))
        )
        if remote is None:
            continue  # it is still to be made
        paths = secret_refs(resource.kind, spec)
        entries[address] = Entry(
            remote_id=remote, applied=spec, fingerprints=dict.fromkeys(paths, fingerprint)
        )
    workspace = desired.workspace.spec.workspace_id
    state = State(
        provider="dust", workspace_id=workspace, lineage="bench", serial=1, entries=entries
    )
    (folder / "state.json").write_text(dump(state), encoding="utf-8")
