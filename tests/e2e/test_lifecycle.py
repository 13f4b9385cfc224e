"""What becomes of resources: removed, protected, replaced, renamed, ignored, destroyed."""

import json
from typing import Any

from tests.e2e.world import (
    GUARDED_TOKEN,
    Servers,
    Workspace,
    server,
    space,
    write_three_kinds,
)
from tests.parts.cli import Project


def test_a_removed_manifest_deletes_what_it_described_and_nothing_else(
    project: Project, workspace: Workspace, servers: Servers
) -> None:
    write_three_kinds(project, servers)
    project.apply()
    project.remove("servers/desk.yaml")

    plan = project.plan().out
    assert "delete MCPServer/desk" in plan
    assert "1 to delete" in plan
    project.apply()

    assert workspace.servers().keys() >= {"Handbook", "Warehouse"}
    assert "Desk" not in workspace.servers()
    project.settled()


def test_a_space_and_the_server_in_it_are_deleted_in_one_go(
    project: Project, workspace: Workspace, servers: Servers
) -> None:
    project.write("space.yaml", space("team", displayName="Team"))
    project.write("server.yaml", server("a", servers.open.url, displayName="A", spaces=["team"]))
    project.apply()
    project.remove("space.yaml")
    project.remove("server.yaml")

    project.apply()

    assert workspace.spaces().keys() == {"Board room"}
    assert "A" not in workspace.servers()
    project.settled()


class TestProtection:
    def test_protection_is_lifted_by_applying_a_manifest_that_says_so(
        self, project: Project, workspace: Workspace
    ) -> None:
        project.write("kept.yaml", space("kept", lifecycle={"protect": True}))
        project.apply()
        project.write("kept.yaml", space("kept", lifecycle={"protect": False}))
        project.apply()
        project.remove("kept.yaml")

        project.apply()

        assert workspace.spaces().keys() == {"Board room"}

    def test_a_protected_server_is_not_replaced(
        self, project: Project, workspace: Workspace, servers: Servers
    ) -> None:
        careful = {"protect": True}
        project.write("a.yaml", server("a", servers.open.url, displayName="A", lifecycle=careful))
        project.apply()
        before = workspace.server("A")
        project.write("a.yaml", server("a", servers.other.url, displayName="A", lifecycle=careful))

        done = project.apply(code=4)

        assert "this replaces MCPServer/a, which is protected" in done.out
        assert workspace.server("A") == before


class TestReplacement:
    def test_a_new_url_makes_a_new_server_in_the_same_places(
        self, project: Project, workspace: Workspace, servers: Servers
    ) -> None:
        project.write("spaces.yaml", space("team", displayName="Team"))
        fields: dict[str, Any] = {
            "displayName": "A",
            "description": "The tool",
            "icon": "ActionRobotIcon",
            "spaces": ["team"],
            "tools": {"default": {"stake": "low"}, "search": {"enabled": False}},
        }
        project.write("a.yaml", server("a", servers.open.url, **fields))
        project.apply()
        old = workspace.server("A")
        project.write("a.yaml", server("a", servers.other.url, **fields))

        plan = project.plan().out
        assert "replace MCPServer/a" in plan
        assert "1 to replace" in plan
        project.apply()

        new = workspace.server("A")
        assert new["url"] == servers.other.url
        assert new["sId"] != old["sId"]
        assert old["sId"] not in {each["sId"] for each in workspace.servers().values()}
        assert new["icon"] == "ActionRobotIcon"
        assert workspace.system_view("A")["description"] == "The tool"
        assert workspace.places("A") == {"Team"}
        assert workspace.tools("A")["search"] == ("low", False)
        project.settled()

    def test_the_plan_says_what_a_replacement_destroys(
        self, project: Project, servers: Servers
    ) -> None:
        project.write("a.yaml", server("a", servers.open.url, displayName="A", spaces=["company"]))
        project.apply()
        project.write("a.yaml", server("a", servers.other.url, displayName="A", spaces=["company"]))

        [change] = project.document()["changes"]

        assert change["action"] == "replace"
        assert any("agents" in words for words in change["consequences"])

    def test_a_replacement_that_fails_leaves_the_old_server_in_place(
        self, project: Project, workspace: Workspace, servers: Servers
    ) -> None:
        project.write("a.yaml", server("a", servers.open.url, displayName="A", spaces=["company"]))
        project.apply()
        old = workspace.server("A")["sId"]
        project.write("a.yaml", server("a", "http://127.0.0.1:9/mcp", displayName="A"))

        project.apply(code=1)

        assert workspace.server("A")["sId"] == old


class TestSecrets:
    def test_a_server_gets_and_loses_its_bearer_token_in_place(
        self, project: Project, workspace: Workspace, servers: Servers
    ) -> None:
        project.environ["TOKEN"] = GUARDED_TOKEN
        bearer = {"mode": "bearer", "token": {"env": "TOKEN"}}
        project.write("a.yaml", server("a", servers.open.url, displayName="A"))
        project.apply()
        sid = workspace.server("A")["sId"]
        assert workspace.server("A")["sharedSecret"] is None

        project.write("a.yaml", server("a", servers.open.url, displayName="A", auth=bearer))
        project.apply()
        assert workspace.server("A")["sharedSecret"] is not None
        assert _seen(workspace, servers, "authorization") == f"Bearer {GUARDED_TOKEN}"
        project.settled()

        project.write("a.yaml", server("a", servers.open.url, displayName="A"))
        project.apply()
        assert workspace.server("A")["sharedSecret"] is None
        assert _seen(workspace, servers, "authorization") is None
        assert workspace.server("A")["sId"] == sid
        project.settled()

    def test_a_rotated_token_is_noticed_and_reaches_the_server(
        self, project: Project, workspace: Workspace, servers: Servers
    ) -> None:
        project.environ["TOKEN"] = "the-first-token"
        bearer = {"mode": "bearer", "token": {"env": "TOKEN"}}
        project.write("a.yaml", server("a", servers.open.url, displayName="A", auth=bearer))
        project.apply()
        project.settled()
        project.environ["TOKEN"] = "the-second-token"

        assert "rotated" in project.plan("--detailed-exitcode", code=2).out
        project.apply()

        assert _seen(workspace, servers, "authorization") == "Bearer the-second-token"
        project.settled()

    def test_a_rotated_header_is_noticed_and_reaches_the_server(
        self, project: Project, workspace: Workspace, servers: Servers
    ) -> None:
        project.environ["KEY"] = "the-first-key"
        headers = {"X-Team": {"literal": "platform"}, "X-Api-Key": {"env": "KEY"}}
        project.write("a.yaml", server("a", servers.open.url, displayName="A", headers=headers))
        project.apply()
        project.environ["KEY"] = "the-second-key"

        assert "rotated" in project.plan().out
        project.apply()

        assert _seen(workspace, servers, "x-api-key") == "the-second-key"
        assert _seen(workspace, servers, "x-team") == "platform", "headers are written all at once"
        project.settled()

    def test_a_changed_literal_header_reaches_the_server(
        self, project: Project, workspace: Workspace, servers: Servers
    ) -> None:
        for team in ("platform", "support"):
            headers = {"X-Team": {"literal": team}}
            project.write("a.yaml", server("a", servers.open.url, displayName="A", headers=headers))
            project.apply()

        assert _seen(workspace, servers, "x-team") == "support"
        project.settled()

    def test_without_the_secret_a_plan_says_that_it_was_not_compared(
        self, project: Project, servers: Servers
    ) -> None:
        project.environ["TOKEN"] = GUARDED_TOKEN
        bearer = {"mode": "bearer", "token": {"env": "TOKEN"}}
        project.write("a.yaml", server("a", servers.open.url, displayName="A", auth=bearer))
        project.apply()
        del project.environ["TOKEN"]

        done = project.plan("--detailed-exitcode")

        assert "not compared" in done.out
        assert "MCPServer/a auth.token" in done.out


class TestNames:
    def test_a_renamed_manifest_keeps_its_object(
        self, project: Project, workspace: Workspace, servers: Servers
    ) -> None:
        project.write("a.yaml", server("old", servers.open.url, displayName="A"))
        project.apply()
        before = workspace.server("A")
        renamed = server("new", servers.open.url, displayName="A")
        renamed["metadata"]["previously"] = ["old"]
        project.write("a.yaml", renamed)

        plan = project.plan("--detailed-exitcode")
        assert "MCPServer/old is now called MCPServer/new" in plan.out
        project.apply()

        assert workspace.server("A") == before
        assert set(_state(project)["resources"]) == {"MCPServer/new"}
        assert "is now called" not in project.plan().out

    def test_a_secret_rotated_along_with_a_new_name_is_noticed_and_reaches_the_server(
        self, project: Project, workspace: Workspace, servers: Servers
    ) -> None:
        project.environ["KEY"] = "the-first-key"
        headers = {"X-Api-Key": {"env": "KEY"}}
        project.write("a.yaml", server("old", servers.open.url, displayName="A", headers=headers))
        project.apply()
        renamed = server("new", servers.open.url, displayName="A", headers=headers)
        renamed["metadata"]["previously"] = ["old"]
        project.write("a.yaml", renamed)
        assert "not compared" not in project.plan("--detailed-exitcode").out
        project.environ["KEY"] = "the-second-key"

        assert "rotated" in project.plan("--detailed-exitcode", code=2).out
        project.apply()

        assert _seen(workspace, servers, "x-api-key") == "the-second-key"
        project.settled()

    def test_two_servers_may_share_a_url(
        self, project: Project, workspace: Workspace, servers: Servers
    ) -> None:
        for name in ("Ana's", "Ben's"):
            project.write(
                f"{name}.yaml", server(name[:3].lower(), servers.open.url, displayName=name)
            )
        project.apply()

        assert workspace.server("Ana's")["url"] == workspace.server("Ben's")["url"]
        project.settled()

    def test_two_resources_swap_their_names(self, project: Project, workspace: Workspace) -> None:
        project.write("s.yaml", space("a", displayName="One"), space("b", displayName="Two"))
        project.apply()
        before = {name: each["sId"] for name, each in workspace.spaces().items()}
        project.write("s.yaml", space("a", displayName="Two"), space("b", displayName="One"))

        done = project.plan(code=None)

        # No order of single renames can do it, so it must be said, and nothing lost.
        assert done.code == 4, str(done)
        assert {name: each["sId"] for name, each in workspace.spaces().items()} == before


class TestCompany:
    def test_a_server_moves_to_the_whole_company_and_back(
        self, project: Project, workspace: Workspace, servers: Servers
    ) -> None:
        project.write("s.yaml", space("team", displayName="Team"))
        for places, expected in ((["team"], "Team"), (["company"], "company"), (["team"], "Team")):
            project.write("a.yaml", server("a", servers.open.url, displayName="A", spaces=places))
            project.apply()
            assert workspace.places("A") == {expected}
            project.settled()

    def test_the_plan_says_what_going_company_wide_means(
        self, project: Project, servers: Servers
    ) -> None:
        project.write("s.yaml", space("team", displayName="Team"))
        project.write("a.yaml", server("a", servers.open.url, displayName="A", spaces=["team"]))
        project.apply()
        project.write("a.yaml", server("a", servers.open.url, displayName="A", spaces=["company"]))

        assert "makes the tool visible to the whole company" in project.plan().out


class TestIgnoredChanges:
    def test_an_ignored_field_is_set_once_and_then_left_alone(
        self, project: Project, workspace: Workspace
    ) -> None:
        careful = {"ignoreChanges": ["members"]}
        project.write("s.yaml", space("team", lifecycle=careful, members=["ana@acme.example"]))
        project.apply()
        assert [m["email"] for m in workspace.spaces()["team"]["members"]] == ["ana@acme.example"]
        sid = workspace.space_id("team")
        uma = workspace.admin.read("/members/search", searchEmails="uma@acme.example")
        body = {"memberIds": [uma["members"][0]["sId"]]}
        workspace.admin.write("POST", f"/spaces/{sid}/members", body)

        done = project.plan("--detailed-exitcode")

        assert "Space/team differs in members, which its manifest ignores" in done.out
        project.apply()
        assert len(workspace.spaces()["team"]["members"]) == 2

    def test_an_ignored_field_survives_the_write_of_another(
        self, project: Project, workspace: Workspace, servers: Servers
    ) -> None:
        careful = {"ignoreChanges": ["tools.search.stake", "description"]}
        fields: dict[str, Any] = {"displayName": "A", "description": "ours"}
        tools: dict[str, dict[str, object]] = {"default": {"stake": "low"}}
        project.write(
            "a.yaml", server("a", servers.open.url, lifecycle=careful, tools=tools, **fields)
        )
        project.apply()
        workspace.set_tools("A", {"toolName": "search", "permission": "medium", "enabled": True})
        view = workspace.system_view("A")["sId"]
        theirs = {"name": "A", "description": "theirs"}
        workspace.admin.write("PATCH", f"/mcp/views/{view}", theirs)

        fields["displayName"] = "B"
        tools = {"default": {"stake": "low", "enabled": False}}
        project.write(
            "a.yaml", server("a", servers.open.url, lifecycle=careful, tools=tools, **fields)
        )
        project.apply()

        assert workspace.system_view("B")["description"] == "theirs"
        assert workspace.tools("B")["search"] == ("medium", False)
        assert project.plan("--detailed-exitcode").code == 0


class TestDestroy:
    def test_destroy_leaves_what_is_protected(self, project: Project, workspace: Workspace) -> None:
        project.write("kept.yaml", space("kept", lifecycle={"protect": True}))
        project.write("gone.yaml", space("gone"))
        project.apply()

        done = project.run("destroy", "-f", "manifests", "--yes", code=4)

        assert "1 applied, 1 refused" in done.out
        assert workspace.spaces().keys() == {"Board room", "kept"}

    def test_a_saved_plan_of_destruction_is_carried_out(
        self, project: Project, workspace: Workspace
    ) -> None:
        project.write("gone.yaml", space("gone"))
        project.apply()
        project.plan("--destroy", "--out", "end.plan")

        project.run("apply", "end.plan")

        assert workspace.spaces().keys() == {"Board room"}


def _seen(workspace: Workspace, servers: Servers, header: str) -> str | None:
    """A header of the request that the workspace makes to the open server now."""
    sid = workspace.server("A")["sId"]
    workspace.admin.write("POST", f"/mcp/{sid}/sync")
    return servers.open.last_headers().get(header)


def _state(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project.folder / "state.json").read_text())
    return found
