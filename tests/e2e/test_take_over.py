"""Taking over a workspace that people made by hand: export, adopt, and the plan is empty."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.e2e.gatekeeper import Gatekeeper
from tests.e2e.world import (
    ADMIN,
    GATEWAY_KEY,
    GUARDED_TOKEN,
    NEIGHBOUR_SERVER,
    Servers,
    Workspace,
    project_for,
    server,
    space,
)
from tests.parts.cli import Done, Project

SCHEMAS = Path(__file__).parents[2] / "schemas"


def made_by_hand(workspace: Workspace, servers: Servers) -> None:
    """One of everything that people make: spaces of both kinds, servers behind each door."""
    admin = workspace.admin
    people = {m["email"]: m["sId"] for m in admin.read("/members", limit=100)["members"]}
    groups = admin.read("/groups", kind=["provisioned", "regular_manual"])["groups"]
    sids = {}
    for name, restricted in (("Sales: EMEA & more", True), ("yes", False), ("Équipe", True)):
        body: dict[str, Any] = {
            "name": name,
            "isRestricted": restricted,
            "spaceKind": "regular",
            "managementMode": "manual",
            "memberIds": [people["ana@acme.example"], people["ben@acme.example"]],
        }
        sids[name] = admin.write("POST", "/spaces", body)["space"]["sId"]
    admin.write(
        "PATCH",
        f"/spaces/{sids['Équipe']}/members",
        {
            "isRestricted": True,
            "name": "Équipe",
            "managementMode": "group",
            "memberIds": [people["uma@acme.example"]],
            "editorIds": [],
            "groupIds": [group["sId"] for group in groups],
            "editorGroupIds": [],
        },
    )
    servers_made: list[tuple[str, dict[str, Any], list[str]]] = [
        ("Handbook", {"url": servers.open.url}, ["Sales: EMEA & more", "yes"]),
        ("Desk: #1", {"url": servers.guarded.url, "sharedSecret": GUARDED_TOKEN}, ["Équipe"]),
        (
            "Warehouse",
            {
                "url": servers.gateway.url,
                "customHeaders": [
                    {"key": "X-Api-Key", "value": GATEWAY_KEY},
                    {"key": "X-Team", "value": "platform"},
                ],
            },
            ["company"],
        ),
        ("Handbook again", {"url": servers.open.url}, []),
    ]
    for title, described, places in servers_made:
        add_server(workspace, title, described, places)
    handbook = workspace.server("Handbook")
    admin.write("PATCH", f"/mcp/{handbook['sId']}", {"icon": "ActionBookOpenIcon"})
    workspace.set_tools(
        "Handbook",
        {"toolName": "search", "permission": "never_ask", "enabled": True},
        {"toolName": "delete_ticket", "permission": "high", "enabled": False},
    )
    view = workspace.system_view("Handbook")
    describe = {"name": "Handbook", "description": "What: the company expects"}
    admin.write("PATCH", f"/mcp/views/{view['sId']}", describe)


def add_server(workspace: Workspace, view: str, body: dict[str, Any], places: list[str]) -> None:
    """A server as the web app adds it."""
    admin = workspace.admin
    whole = {"serverType": "remote", "includeGlobal": False, "viewName": view, **body}
    sid = admin.write("POST", "/mcp", whole)["server"]["sId"]
    for name in places:
        space_id = workspace.space_id(name)
        admin.write("POST", f"/spaces/{space_id}/mcp_views", {"mcpServerId": sid})


def checked(done: Done, kind: str) -> Any:
    """The document on stdout, which fits its schema."""
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text("utf-8"))
    faults = [error.message for error in Draft202012Validator(schema).iter_errors(done.json)]
    assert faults == [], str(done)
    return done.json


def export(project: Project, workspace: Workspace, *more: str, url: str | None = None) -> Done:
    """Export from nothing into `manifests`."""
    address = ("--workspace-id", workspace.id, "--url", url or workspace.url)
    return project.run("export", *address, *more)


@pytest.fixture
def empty(workspace: Workspace, tmp_path: Path) -> Project:
    """A folder without a single manifest."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return Project(folder=folder, environ={"DUST_ACCESS_TOKEN": ADMIN})


@pytest.mark.parametrize("by", ["resource", "space"])
def test_after_export_and_adopt_the_plan_is_empty_and_only_reads_were_sent(
    empty: Project, workspace: Workspace, servers: Servers, by: str
) -> None:
    made_by_hand(workspace, servers)
    with Gatekeeper(workspace.url) as gate:
        done = export(empty, workspace, "--by", by, url=gate.url)
        assert "4 built-in servers and the special spaces" in done.out
        empty.run("validate", "-f", "manifests")
        adopted = empty.run("adopt", "-f", "manifests", "--all", "--detailed-exitcode")
        assert "plan is empty" in adopted.out.lower(), str(adopted)
        empty.settled()
        empty.apply()
        empty.settled()
        assert gate.calls(writes_only=True) == []
    text = "".join(path.read_text("utf-8") for path in empty.manifests.rglob("*.yaml"))
    for expected in ("DESK_1_MCP_TOKEN", "WAREHOUSE_X_API_KEY", "Finance team", "never_ask"):
        assert expected in text
    for secret in (GUARDED_TOKEN, GATEWAY_KEY, ADMIN):
        assert secret not in text


def test_two_exports_are_the_same_to_the_byte_and_none_overwrites_by_itself(
    empty: Project, workspace: Workspace, servers: Servers
) -> None:
    made_by_hand(workspace, servers)
    export(empty, workspace)
    first = {path: path.read_bytes() for path in empty.manifests.rglob("*.yaml")}
    address = ("--workspace-id", workspace.id, "--url", workspace.url)
    refused = empty.run("export", *address, code=1)
    assert "exists already; nothing was written" in refused.err
    export(empty, workspace, "--overwrite")
    assert {path: path.read_bytes() for path in empty.manifests.rglob("*.yaml")} == first


def test_an_export_beside_manifests_writes_what_they_lack(
    project: Project, workspace: Workspace, servers: Servers
) -> None:
    project.write("mine.yaml", space("new"))
    project.apply()
    body: dict[str, Any] = {
        "isRestricted": False,
        "spaceKind": "regular",
        "managementMode": "manual",
    }
    workspace.admin.write("POST", "/spaces", {"name": "Own", "memberIds": [], **body})
    add_server(workspace, "Handbook", {"url": servers.open.url}, ["Own"])
    project.write("mine.yaml", space("new"), space("ours", displayName="own"))

    done = project.run("export", "-f", "manifests", "-o", "manifests/found", "--output", "json")

    document = checked(done, "export")
    assert [each["address"] for each in document["resources"]] == [
        "MCPServer/handbook",
        "MCPServer/old-wiki",
        "Space/board-room",
    ]
    assert document["managedAlready"] == 2
    assert "spaces: [ours]" in (project.manifests / "found/servers/handbook.yaml").read_text()
    adopted = checked(
        project.run("adopt", "-f", "manifests", "--all", "--output", "json"), "adoption"
    )
    assert {each["address"] for each in adopted["adopted"]} == {
        "Space/board-room",
        "Space/ours",
        "MCPServer/handbook",
        "MCPServer/old-wiki",
    }
    assert adopted["ownedBefore"] == ["Space/new"]
    # The one difference is the title's letter case, which the manifest spells in its own way.
    [change] = adopted["changes"]
    assert (change["address"], change["reason"]) == ("Space/ours", "edited")
    assert not adopted["planIsEmpty"]


class TestAdoptingById:
    def test_one_object_is_adopted_and_what_differs_is_listed_as_edits(
        self, project: Project, workspace: Workspace, servers: Servers
    ) -> None:
        add_server(workspace, "Handbook", {"url": servers.open.url}, [])
        sid = workspace.server("Handbook")["sId"]
        project.write(
            "a.yaml",
            server(
                "a", servers.open.url, displayName="Better", tools={"default": {"stake": "low"}}
            ),
        )
        with Gatekeeper(workspace.url) as gate:
            project_for(workspace, project, url=gate.url)
            done = project.run(
                "adopt", "-f", "manifests", f"MCPServer/a={sid}", "--detailed-exitcode", code=2
            )
            assert gate.calls(writes_only=True) == []
        assert "displayName" in done.out
        assert "drift" not in done.out
        project_for(workspace, project)
        project.apply()
        assert workspace.server("Better")["sId"] == sid
        project.settled()

    def test_adopting_twice_is_adopting_once(
        self, project: Project, workspace: Workspace, servers: Servers
    ) -> None:
        add_server(workspace, "Handbook", {"url": servers.open.url}, [])
        sid = workspace.server("Handbook")["sId"]
        project.write("a.yaml", server("a", servers.open.url, displayName="Handbook"))
        project.run("adopt", "-f", "manifests", f"MCPServer/a={sid}")
        before = (project.folder / "state.json").read_bytes()
        again = project.run("adopt", "-f", "manifests", f"MCPServer/a={sid}")
        assert "0 objects, 1 owned before" in again.out
        assert (project.folder / "state.json").read_bytes() == before

    def test_what_cant_be_adopted_is_told_all_at_once_with_its_place(
        self, project: Project, workspace: Workspace, servers: Servers
    ) -> None:
        add_server(workspace, "Handbook", {"url": servers.open.url}, [])
        sid = workspace.server("Handbook")["sId"]
        project.write(
            "a.yaml",
            server("a", servers.open.url, displayName="Handbook"),
            server("b", servers.open.url, displayName="Other"),
            server("c", servers.open.url, displayName="Third"),
            space("s"),
            space("t"),
        )
        done = project.run(
            "adopt",
            "-f",
            "manifests",
            f"MCPServer/a={sid}",
            f"MCPServer/b={sid}",
            "MCPServer/c=rms_none",
            f"Space/s={sid}",
            f"Space/t={workspace.space_id('company')}",
            code=1,
        )
        for code in ("already-owned", "unknown-remote-id", "wrong-kind"):
            assert f"error[{code}]" in done.err, str(done)
        assert done.err.count("a.yaml:") == 4, str(done)
        assert "the whole workspace" in done.err
        assert not (project.folder / "state.json").exists()

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ((), "say what to adopt"),
            (("--all", "--matching"), "not both"),
            (("Space/s",), "ADDRESS=REMOTE-ID"),
            (("Robot/s=x",), "ADDRESS=REMOTE-ID"),
            (("Space/nobody=vlt_1",), "no manifest describes"),
            (("Space/s=a", "Space/s=b"), "at once"),
        ],
    )
    def test_a_wrong_wish_is_wrong_usage(
        self, project: Project, arguments: tuple[str, ...], says: str
    ) -> None:
        project.write("a.yaml", space("s"))
        assert says in project.run("adopt", "-f", "manifests", *arguments, code=64).err


class TestMatching:
    def test_matching_leaves_what_has_no_object_for_apply(
        self, project: Project, workspace: Workspace, servers: Servers
    ) -> None:
        add_server(workspace, "Handbook", {"url": servers.open.url}, [])
        project.write(
            "a.yaml",
            server("a", servers.open.url, displayName="Handbook"),
            server("b", servers.open.url, displayName="Not yet"),
        )
        done = project.run("adopt", "-f", "manifests", "--matching")
        assert "MCPServer/b has no object yet" in done.out
        project.apply()
        assert {"Handbook", "Not yet"} <= workspace.servers().keys()

    def test_all_insists_and_else_adopts_nothing(
        self, project: Project, workspace: Workspace, servers: Servers
    ) -> None:
        add_server(workspace, "Handbook", {"url": servers.open.url}, [])
        add_server(workspace, "Handbook 2", {"url": servers.open.url}, [])
        project.write(
            "a.yaml", server("a", servers.open.url), server("b", servers.other.url), space("s")
        )
        done = project.run("adopt", "-f", "manifests", "--all", code=1)
        assert "error[several-matches]" in done.err
        assert done.err.count("error[no-match]") == 2, str(done)
        assert not (project.folder / "state.json").exists()


class TestOwningByHand:
    def test_what_is_forgotten_stays_in_the_workspace(
        self, project: Project, workspace: Workspace
    ) -> None:
        project.write("s.yaml", space("s", displayName="Sales"), space("t"))
        project.apply()
        done = project.run("forget", "-f", "manifests", "Space/s", "--output", "json")
        sid = workspace.space_id("Sales")
        assert checked(done, "ownership")["forgotten"] == [
            {"address": "Space/s", "remoteIds": [sid]}
        ]
        # Now it is somebody's who is unknown: the plan won't touch it, and says how to own it.
        plan = project.plan(code=4)
        assert f"reconciler adopt Space/s={sid}" in plan.out
        project.run("adopt", "-f", "manifests", f"Space/s={sid}")
        project.settled()

    def test_state_lists_shows_and_renames(self, project: Project) -> None:
        project.write("s.yaml", space("s", displayName="Sales"))
        project.apply()
        f = ("-f", "manifests", "--output", "json")
        owned = checked(project.run("state", "list", *f), "owned")
        assert [each["address"] for each in owned["resources"]] == ["Space/s"]
        shown = checked(project.run("state", "show", "Space/s", *f), "remembered")
        assert shown["applied"] == {"displayName": "Sales"}
        checked(project.run("state", "mv", "Space/s", "Space/sales", *f), "ownership")
        project.write("s.yaml", space("sales", displayName="Sales"))
        project.settled()
        assert "Space/sales" in project.run("state", "list", "-f", "manifests").out
        assert "Sales" in project.run("state", "show", "Space/sales", "-f", "manifests").out

    @pytest.mark.parametrize(
        ("arguments", "code", "says"),
        [
            (("forget", "Space/nobody"), 1, "owns nothing at Space/nobody"),
            (("forget", "Space"), 64, "is no address"),
            (("state", "show", "Space/t2"), 1, "did you mean Space/t?"),
            (("state", "mv", "Space/s", "MCPServer/s"), 64, "doesn't change its kind"),
            (("state", "mv", "Space/s", "Space/t"), 1, "already"),
            (("state", "mv", "Space/s", "Space/UP"), 64, "is no address"),
            (("state", "mv", "Space/none", "Space/x"), 1, "owns nothing"),
        ],
    )
    def test_what_cant_be_done_is_said(
        self, project: Project, arguments: tuple[str, ...], code: int, says: str
    ) -> None:
        project.write("s.yaml", space("s"), space("t"))
        project.apply()
        before = (project.folder / "state.json").read_bytes()
        assert says in project.run(*arguments, "-f", "manifests", code=code).err
        assert (project.folder / "state.json").read_bytes() == before


def test_two_manifests_swap_their_names_once(project: Project, workspace: Workspace) -> None:
    project.write("s.yaml", space("a", displayName="One"), space("b", displayName="Two"))
    project.apply()
    before = {name: each["sId"] for name, each in workspace.spaces().items()}
    a, b = space("a", displayName="Two"), space("b", displayName="One")
    a["metadata"]["previously"], b["metadata"]["previously"] = ["b"], ["a"]
    project.write("s.yaml", a, b)

    assert "Space/b is now called Space/a" in project.plan("--detailed-exitcode").out
    with Gatekeeper(workspace.url) as gate:
        project_for(workspace, project, url=gate.url)
        project.apply()
        assert gate.calls(writes_only=True) == []
    project_for(workspace, project)
    assert {name: each["sId"] for name, each in workspace.spaces().items()} == before
    assert "is now called" not in project.plan().out
    project.settled()


def test_a_second_repository_is_refused_what_the_first_one_owns(
    project: Project, workspace: Workspace, tmp_path: Path
) -> None:
    project.write("s.yaml", space("s", displayName="Sales"))
    project.apply()
    folder = tmp_path / "second"
    folder.mkdir()
    second = project_for(workspace, Project(folder=folder))
    second.write("s.yaml", space("mine", displayName="sales"))

    plan = second.plan(code=4)

    assert "which this state doesn't own" in plan.out
    assert "no other repository manages it" in plan.out


def test_what_people_made_by_hand_stays_theirs(empty: Project, workspace: Workspace) -> None:
    export(empty, workspace)
    wiki = (empty.manifests / "servers/old-wiki.yaml").read_text("utf-8")
    assert NEIGHBOUR_SERVER in wiki
    assert "spaces is not managed as long as it is left out" in wiki
