"""Each exit code, and what a user reads when things go wrong."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.gatekeeper import Gatekeeper, Told
from tests.e2e.world import (
    BUILDER,
    EXPIRED,
    KEY,
    Servers,
    Workspace,
    project_for,
    server,
    space,
    workspace_manifest,
    write_three_kinds,
)
from tests.parts.cli import Project, let_an_hour_pass
from tests.parts.mcp_servers import McpServer
from tests.parts.ports import free_port


def test_a_server_that_is_down_fails_alone_and_the_next_apply_finishes(
    project: Project, workspace: Workspace, servers: Servers
) -> None:
    port = free_port()
    project.write("space.yaml", space("team", displayName="Team", access="restricted"))
    project.write("up.yaml", server("up", servers.open.url, displayName="Up", spaces=["team"]))
    url = f"http://127.0.0.1:{port}/mcp"
    project.write("down.yaml", server("down", url, displayName="Down", spaces=["team"]))

    broken = project.apply(code=3)
    assert "MCPServer/down failed" in broken.err
    assert "2 applied, 1 failed" in broken.out
    assert "Up" in workspace.servers()

    with McpServer("late", ("search",), port=port):
        project.apply()
        project.settled()
    assert workspace.places("Down") == {"Team"}


def test_two_servers_that_call_themselves_the_same_are_told_apart_by_a_display_name(
    project: Project, workspace: Workspace, servers: Servers
) -> None:
    # Without `displayName` nobody knows before the servers are asked what they are called.
    first = server("first", servers.open.url, spaces=["team"])
    second = server("second", servers.open.url, spaces=["team"])
    project.write("team.yaml", space("team"), first, second)

    broken = project.apply("--parallelism", "1", code=3)

    assert "2 applied, 1 failed" in broken.out
    assert "already using the name" in broken.out
    assert "choose another `displayName`" in broken.out
    second["spec"]["displayName"] = "Second"
    project.write("team.yaml", space("team"), first, second)
    project.apply()
    project.settled()
    assert workspace.places("Second") == {"team"}


def test_nothing_applied_is_a_plain_failure(project: Project) -> None:
    project.write("down.yaml", server("down", f"http://127.0.0.1:{free_port()}/mcp"))
    assert "1 failed" in project.apply(code=1).out


def test_what_is_protected_stays_and_the_rest_goes_on(
    project: Project, workspace: Workspace
) -> None:
    project.write("a.yaml", space("kept", lifecycle={"protect": True}))
    project.write("b.yaml", space("gone"))
    project.apply()
    project.remove("a.yaml")
    project.remove("b.yaml")

    assert "gate protected" in project.plan(code=4).out
    report = project.apply(code=4)

    assert "1 applied, 1 refused" in report.out
    assert "kept" in workspace.spaces()
    assert "gone" not in workspace.spaces()


def test_too_many_deletes_are_held_back_until_they_are_allowed_by_name(
    workspace: Workspace, tmp_path: Path
) -> None:
    project = project_for(workspace, Project(folder=tmp_path), guards={"maxDeletes": 1})
    for name in ("one", "two"):
        project.write(f"{name}.yaml", space(name))
    project.apply()
    project.remove("one.yaml")
    project.remove("two.yaml")

    assert "--allow max-deletes" in project.apply(code=4).out
    assert {"one", "two"} <= workspace.spaces().keys()
    project.apply("--allow", "max-deletes")
    assert not {"one", "two"} & workspace.spaces().keys()


def test_a_strangers_name_is_not_taken(project: Project) -> None:
    path = project.write("space.yaml", space("board", displayName="board ROOM"))
    refused = project.apply(code=4)
    assert "gate name-taken" in refused.out
    assert f"manifests/{path.name}" in refused.out


def test_an_unknown_member_is_named_with_its_line(project: Project) -> None:
    project.write("space.yaml", space("team", members=["ana@acme.example", "nobody@acme.example"]))
    refused = project.plan(code=4)
    assert "`nobody@acme.example` is no member of the workspace" in refused.out
    assert "manifests/space.yaml:" in refused.out


@pytest.mark.parametrize("way", ["applied", "changed", "manifests", "altered", "version"])
def test_a_stale_plan_is_refused(
    project: Project, workspace: Workspace, servers: Servers, way: str
) -> None:
    project.write("server.yaml", server("one", servers.open.url, displayName="One"))
    project.apply()
    path = project.manifests / "server.yaml"
    path.write_text(path.read_text() + "  icon: ActionRobotIcon\n")
    project.plan("--out", "saved.plan")
    saved = project.folder / "saved.plan"
    extra: tuple[str, ...] = ()
    code = 5
    match way:
        case "applied":
            project.apply()
        case "changed":
            sid = workspace.server("One")["sId"]
            workspace.admin.write("PATCH", f"/mcp/{sid}", {"icon": "ActionCarIcon"})
        case "manifests":
            path.write_text(path.read_text() + "  description: moved\n")
            extra = ("-f", "manifests")
        case "altered":
            saved.write_text(saved.read_text().replace("ActionRobotIcon", "ActionBombIcon"))
            code = 1
        case "version":
            document = json.loads(saved.read_text())
            document["format"] = "reconciler.plan/v9"
            saved.write_text(json.dumps(document))
            code = 1

    refused = project.run("apply", "saved.plan", *extra, code=code)

    icon = workspace.server("One")["icon"]
    assert icon != "ActionBombIcon"
    assert (icon == "ActionRobotIcon") == (way == "applied")
    assert "plan" in refused.err


def test_a_server_that_needs_a_person_is_pending_and_the_rest_is_applied(
    project: Project, workspace: Workspace, servers: Servers
) -> None:
    app = {
        "mode": "static-oauth",
        "clientId": "app",
        "authorizationEndpoint": "https://as.example/authorize",
        "tokenEndpoint": "https://as.example/token",
    }
    project.write("a.yaml", server("crm", servers.open.url, auth=app))
    project.write("b.yaml", server("one", servers.open.url, displayName="One"))
    report = project.apply(code=6)
    assert "1 applied, 1 pending" in report.out
    assert "One" in workspace.servers()


def test_two_applies_at_once_one_runs_and_the_other_says_who_holds_the_lock(
    project: Project, workspace: Workspace
) -> None:
    project.write("team.yaml", space("team"))
    with McpServer("slow", sloppy="silent") as slow:
        project.write("slow.yaml", server("slow", slow.url))
        command = ("--debug", "apply", "-f", "manifests", "--yes", "--parallelism", "1")
        with project.start(*command) as first:
            first.wait_for("→ MCPServer/slow")
            locked = project.apply(code=7)
            assert f":{first.pid} since" in locked.err
            first.interrupt()
            ended = first.end()
    assert ended.code == 130, str(ended)
    project.remove("slow.yaml")
    project.apply()
    assert "team" in workspace.spaces()
    project.settled()


@pytest.mark.parametrize(
    ("marker", "waits"),
    [("→ Space/finance", True), ("→ MCPServer/handbook", False), ("✓ Space/support", False)],
)
def test_a_killed_apply_leaves_no_duplicate(
    project: Project, workspace: Workspace, servers: Servers, marker: str, waits: bool
) -> None:
    """The next apply waits until what was under way has settled, unless that was long ago."""
    write_three_kinds(project, servers)
    with project.start("--debug", "apply", "-f", "manifests", "--yes") as running:
        running.wait_for(marker)
        running.kill()
    if not waits:
        let_an_hour_pass(project.folder)
    project.apply()
    project.settled()
    listed = [each for each in workspace.admin.read("/mcp")["servers"] if each.get("url")]
    assert len(listed) == 4, "something was made twice"
    assert {"Desk", "Handbook", "Old wiki", "Warehouse"} <= workspace.servers().keys()


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("t.nobody-at-all", "access token"),
        (EXPIRED, "expired"),
        (KEY, "API key"),
        (BUILDER, "administrator"),
        ("two words", "characters"),
    ],
)
def test_a_token_that_may_not_is_explained(project: Project, token: str, words: str) -> None:
    project.environ["DUST_ACCESS_TOKEN"] = token
    refused = project.plan(code=1)
    assert words in refused.err
    assert token not in refused.out + refused.err


def test_a_wrong_workspace_id_is_explained(project: Project, workspace: Workspace) -> None:
    project.write("workspace.yaml", workspace_manifest("nowhere", workspace.url))
    refused = project.plan(code=1)
    assert "not a member of the workspace nowhere" in refused.err


def test_an_unreachable_platform_is_explained(project: Project, workspace: Workspace) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    project.write("workspace.yaml", workspace_manifest(workspace.id, url))
    assert "127.0.0.1" in project.plan(code=1).err


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_workspace_of_another_region_is_explained(
    project: Project, workspace: Workspace, command: str
) -> None:
    redirect = {"region": "europe-west1", "url": "https://eu.dust.tt"}
    error = {"type": "workspace_in_different_region", "message": "Elsewhere", "redirect": redirect}
    elsewhere = Told(status=400, body=json.dumps({"error": error}).encode())
    project.write("team.yaml", space("team"))
    with Gatekeeper(workspace.url) as gate:
        gate.answer(r"/w/", lambda _asked: elsewhere)
        project.write("workspace.yaml", workspace_manifest(workspace.id, gate.url))
        refused = project.run(command, "-f", "manifests", code=1)
        assert gate.calls(writes_only=True) == []
    assert "the workspace lives in region europe-west1, at https://eu.dust.tt" in refused.err
    assert "correct `region` in the Workspace manifest" in refused.err


def _under_a_file(folder: Path) -> Path:
    (folder / "taken").write_text("a file")
    return folder / "taken" / "state.json"


def _where_nobody_writes(folder: Path) -> Path:
    if os.geteuid() != 0:
        (folder / "closed").mkdir(mode=0o500)
        return folder / "closed" / "state.json"
    # Root may write anywhere but where the system has no room for files.
    return Path("/proc/reconciler/state.json")


def _a_folder(folder: Path) -> Path:
    (folder / "state.json").mkdir()
    return folder / "state.json"


@pytest.mark.parametrize("place", [_under_a_file, _where_nobody_writes, _a_folder])
def test_a_state_that_cannot_be_written_stops_an_apply_before_its_first_write(
    workspace: Workspace, tmp_path: Path, place: Callable[[Path], Path]
) -> None:
    path = place(tmp_path)
    with Gatekeeper(workspace.url) as gate:
        project = project_for(
            workspace, Project(folder=tmp_path), url=gate.url, state={"path": str(path)}
        )
        project.write("team.yaml", space("team"))
        refused = project.apply(code=1)
        assert gate.calls(writes_only=True) == []
    assert str(path) in refused.err
    assert re.search("can't be (written|used|read)", refused.err)
    assert "= help: " in refused.err
    assert "team" not in workspace.spaces()


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 9}', '{"version": 1}', "\xff"])
def test_a_damaged_state_is_refused(project: Project, text: str) -> None:
    (project.folder / "state.json").write_text(text, encoding="latin-1")
    assert "state.json can't be used" in project.apply(code=1).err


def test_another_workspaces_state_is_refused(project: Project, workspace: Workspace) -> None:
    project.write("team.yaml", space("team"))
    project.apply()
    project.write("workspace.yaml", workspace_manifest("w0x", workspace.url))
    assert "belongs to workspace" in project.plan(code=1).err


def test_missing_secrets_are_all_told_before_the_first_write(
    project: Project, workspace: Workspace, servers: Servers
) -> None:
    write_three_kinds(project, servers)
    del project.environ["DESK_TOKEN"]
    project.environ["GATEWAY_KEY"] = " "

    refused = project.apply(code=1)

    assert "DESK_TOKEN" in refused.err
    assert "GATEWAY_KEY" in refused.err
    assert "manifests/servers/desk.yaml:" in refused.err
    assert workspace.spaces().keys() == {"Board room"}


@pytest.mark.parametrize(
    "arguments",
    [("plan", "--nonsense"), ("frobnicate",), (), ("apply", "--parallelism", "0"), ("show",)],
)
def test_wrong_usage_is_64(project: Project, arguments: tuple[str, ...]) -> None:
    project.run(*arguments, code=64)


def test_nobody_to_ask_is_wrong_usage(project: Project) -> None:
    project.write("team.yaml", space("team"))
    assert "--yes" in project.run("apply", "-f", "manifests", code=64).err


def test_destroy_deletes_what_is_ours_and_nothing_else(
    project: Project, workspace: Workspace, servers: Servers
) -> None:
    write_three_kinds(project, servers)
    project.apply()
    project.run("destroy", "-f", "manifests", "--yes")
    assert workspace.spaces().keys() == {"Board room"}
    assert {"Desk", "Handbook", "Warehouse"}.isdisjoint(workspace.servers())
    assert json.loads((project.folder / "state.json").read_text())["resources"] == {}
