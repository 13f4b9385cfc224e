"""The main job from end to end: manifests, plan, apply, nothing to do, drift, repair."""

from tests.e2e.world import Servers, Workspace, write_three_kinds
from tests.parts.cli import Project


def test_the_whole_story_ends_with_a_workspace_that_matches(
    project: Project, workspace: Workspace, servers: Servers
) -> None:
    write_three_kinds(project, servers)

    assert "valid: 5 resources of acme" in project.run("validate", "-f", "manifests").out
    assert "5 to create" in project.plan("--detailed-exitcode", code=2).out
    project.plan("--out", "reviewed.plan")
    assert "5 to create" in project.run("show", "reviewed.plan").out
    assert workspace.spaces().keys() == {"Board room"}, "planning wrote something"

    assert "5 applied" in project.run("apply", "reviewed.plan").out
    _is_as_declared(workspace)
    project.settled()

    workspace.set_tools(
        "Desk", {"toolName": "delete_ticket", "permission": "never_ask", "enabled": True}
    )
    workspace.rename_space("Support", "Helpdesk")
    drift = project.run("drift", "-f", "manifests", "--detailed-exitcode", code=2)
    assert "Space/support" in drift.out
    assert "tools.delete_ticket.enabled" in drift.out

    assert "2 because of drift" in project.plan().out
    assert "2 applied" in project.apply().out
    _is_as_declared(workspace)
    project.settled()
    assert "No drift" in project.run("drift", "-f", "manifests", "--detailed-exitcode").out


def test_an_edit_of_a_manifest_is_no_drift(project: Project, servers: Servers) -> None:
    write_three_kinds(project, servers)
    project.apply()
    path = project.manifests / "servers/handbook.yaml"
    path.write_text(path.read_text().replace("never_ask", "medium"))

    drift = project.run("drift", "-f", "manifests", "--detailed-exitcode")

    assert "No drift" in drift.out
    assert "1 change of your own to apply" in drift.out
    assert "edited" in project.plan().out


def test_what_was_deleted_behind_our_back_is_made_again(
    project: Project, workspace: Workspace, servers: Servers
) -> None:
    write_three_kinds(project, servers)
    project.apply()
    workspace.admin.write("DELETE", f"/mcp/{workspace.server('Desk')['sId']}")
    workspace.admin.write("DELETE", f"/spaces/{workspace.space_id('Finance')}")

    drift = project.run("drift", "-f", "manifests", "--detailed-exitcode", code=2)
    assert drift.out.count("somebody deleted it") == 2, str(drift)
    project.apply()

    _is_as_declared(workspace)
    project.settled()


def test_an_edit_and_a_change_by_somebody_else_are_told_apart(
    project: Project, workspace: Workspace, servers: Servers
) -> None:
    write_three_kinds(project, servers)
    project.apply()
    workspace.set_tools("Handbook", {"toolName": "search", "permission": "high", "enabled": True})
    path = project.manifests / "servers/handbook.yaml"
    path.write_text(path.read_text().replace("ActionBookOpenIcon", "ActionRobotIcon"))

    [change] = project.document()["changes"]
    reasons = {tuple(each["path"]): each["reason"] for each in change["fields"]}

    assert reasons == {("icon",): "edited", ("tools", "search", "stake"): "drift"}


def _is_as_declared(workspace: Workspace) -> None:
    spaces = workspace.spaces()
    assert spaces.keys() == {"Board room", "Support", "Finance"}
    assert not spaces["Support"]["isRestricted"]
    assert spaces["Finance"]["isRestricted"]
    people = {each["email"] for each in spaces["Finance"]["members"]}
    assert people == {"ana@acme.example", "ben@acme.example"}
    assert [each["name"] for each in spaces["Finance"]["groups"]] == ["Finance team"]
    assert workspace.places("Handbook") == {"company"}
    assert workspace.places("Desk") == {"Support"}
    assert workspace.places("Warehouse") == {"Finance", "Support"}
    assert workspace.server("Handbook")["icon"] == "ActionBookOpenIcon"
    assert workspace.system_view("Handbook")["description"] == "What the company expects"
    assert set(workspace.tools("Handbook").values()) == {("never_ask", True)}
    assert workspace.tools("Desk") == {
        "search": ("low", True),
        "create_ticket": ("medium", True),
        "delete_ticket": ("low", False),
    }
    assert workspace.tools("Warehouse")["search"] == ("never_ask", True)
    assert workspace.tools("Warehouse")["delete_ticket"] == ("high", True)
    assert set(workspace.server("Warehouse")["customHeaders"]) == {"X-Team", "X-Api-Key"}
