"""A saved plan: what it holds, and every way in which it can be out of date."""

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.world import Servers, Workspace, project_for, server, space
from tests.parts.cli import Done, Project


@pytest.fixture
def saved(project: Project, servers: Servers) -> Path:
    """A plan that updates one server and makes a space, on an applied project."""
    project.write("a.yaml", server("a", servers.open.url, displayName="A", icon="ActionCarIcon"))
    project.apply()
    project.write("a.yaml", server("a", servers.open.url, displayName="A", icon="ActionBeerIcon"))
    project.write("s.yaml", space("team", displayName="Team"))
    project.plan("--out", "saved.plan")
    return project.folder / "saved.plan"


def _apply(project: Project, *arguments: str, code: int) -> Done:
    return project.run("apply", "saved.plan", *arguments, code=code)


def _untouched(workspace: Workspace) -> bool:
    return workspace.server("A")["icon"] == "ActionCarIcon" and "Team" not in workspace.spaces()


def test_it_needs_no_manifests(project: Project, workspace: Workspace, saved: Path) -> None:
    for path in project.manifests.iterdir():
        path.unlink()

    assert "2 applied" in _apply(project, code=0).out

    assert workspace.server("A")["icon"] == "ActionBeerIcon"


def test_manifests_beside_it_may_say_the_same_in_other_words(project: Project, saved: Path) -> None:
    path = project.manifests / "s.yaml"
    path.write_text("# a comment\n" + path.read_text())

    assert "2 applied" in _apply(project, "-f", "manifests", code=0).out


def test_it_is_stale_when_the_manifests_beside_it_have_moved(
    project: Project, workspace: Workspace, saved: Path
) -> None:
    project.write("s.yaml", space("team", displayName="Squad"))

    done = _apply(project, "-f", "manifests", code=5)

    assert "the manifests have changed since it was made" in done.err
    assert _untouched(workspace)


def test_it_is_stale_when_what_it_touches_was_changed(
    project: Project, workspace: Workspace, saved: Path
) -> None:
    sid = workspace.server("A")["sId"]
    workspace.admin.write("PATCH", f"/mcp/{sid}", {"icon": "ActionRobotIcon"})

    done = _apply(project, code=5)

    assert (
        'note: MCPServer/a icon: the plan saw "ActionCarIcon", now it is "ActionRobotIcon", '
        'it wanted "ActionBeerIcon"' in done.err
    )
    assert "plan again" in done.err
    assert "Team" not in workspace.spaces(), "a stale plan is refused whole"


def test_it_is_stale_when_what_it_touches_was_deleted(
    project: Project, workspace: Workspace, saved: Path
) -> None:
    workspace.admin.write("DELETE", f"/mcp/{workspace.server('A')['sId']}")

    done = _apply(project, code=5)

    assert "the plan says update, now it would be create" in done.err


def test_it_is_stale_when_it_was_applied_already(project: Project, saved: Path) -> None:
    _apply(project, code=0)

    done = _apply(project, code=5)

    assert "now nothing is to do" in done.err


def test_a_change_elsewhere_does_not_matter(
    project: Project, workspace: Workspace, servers: Servers, saved: Path
) -> None:
    body = {"serverType": "remote", "url": servers.other.url, "viewName": "By hand"}
    workspace.admin.write("POST", "/mcp", body)

    _apply(project, code=0)

    assert "By hand" in workspace.servers()


def test_a_change_that_came_since_is_not_made(
    project: Project, workspace: Workspace, saved: Path
) -> None:
    view = workspace.system_view("A")["sId"]
    project.write("t.yaml", space("later", displayName="Later"))

    _apply(project, code=0)

    assert "Later" not in workspace.spaces()
    assert workspace.system_view("A")["sId"] == view


def test_an_altered_plan_is_refused(project: Project, workspace: Workspace, saved: Path) -> None:
    saved.write_text(saved.read_text().replace("ActionBeerIcon", "ActionFireIcon"))

    done = _apply(project, code=1)

    assert "altered after it was made" in done.err
    assert _untouched(workspace)


def test_a_plan_of_another_version_of_the_tool_is_stale(
    project: Project, workspace: Workspace, saved: Path
) -> None:
    document = json.loads(saved.read_text())
    document["basis"]["toolVersion"] = "99.0.0"
    _seal(saved, document)

    done = _apply(project, code=5)

    assert "made by version 99.0.0" in done.err
    assert _untouched(workspace)


def _cut(text: str) -> str:
    return text[: len(text) // 2]


@pytest.mark.parametrize(
    "damage",
    [_cut, lambda _: "", lambda _: "[]", lambda _: "null", lambda _: '{"format": 3}'],
    ids=["cut", "empty", "list", "null", "other"],
)
def test_what_is_no_plan_is_refused_by_show_and_apply(
    project: Project, workspace: Workspace, saved: Path, damage: Callable[[str], str]
) -> None:
    saved.write_text(damage(saved.read_text()))

    for command in ("show", "apply"):
        done = project.run(command, "saved.plan", code=1)
        assert "is not a plan" in done.err
        assert "reconciler plan --out FILE" in done.err
    assert _untouched(workspace)


def test_a_plan_that_is_not_there_is_named(project: Project) -> None:
    for command in ("show", "apply"):
        assert "nowhere.plan can't be read" in project.run(command, "nowhere.plan", code=1).err


def test_a_plan_that_cannot_be_written_is_said(project: Project) -> None:
    project.write("s.yaml", space("team"))

    done = project.plan("--out", "no/such/folder/saved.plan", code=1)

    assert "the plan can't be written to no/such/folder/saved.plan" in done.err


def test_a_resealed_plan_for_another_workspace_is_refused(
    project: Project, workspace: Workspace, saved: Path
) -> None:
    document = json.loads(saved.read_text())
    document["basis"]["workspaceUrl"] = "https://dust.example"
    _seal(saved, document)

    assert "two different workspaces" in _apply(project, code=1).err


def test_show_and_plan_print_the_same(project: Project, saved: Path) -> None:
    shown = project.run("show", "saved.plan").out
    planned = project.plan().out

    assert shown.splitlines()[1:] == planned.splitlines()[1:]
    assert project.run("show", "saved.plan", "--output", "json").json == json.loads(
        saved.read_text()
    )


def test_the_gates_that_were_allowed_for_the_plan_are_allowed_when_it_is_applied(
    workspace: Workspace, tmp_path: Path
) -> None:
    project = project_for(workspace, Project(folder=tmp_path), guards={"maxDeletes": 0})
    project.write("s.yaml", space("team"))
    project.apply()
    project.remove("s.yaml")
    project.plan("--allow", "max-deletes", "--out", "saved.plan")

    _apply(project, code=0)

    assert "team" not in workspace.spaces()


def test_what_was_refused_in_the_plan_stays_refused(workspace: Workspace, tmp_path: Path) -> None:
    project = project_for(workspace, Project(folder=tmp_path), guards={"maxDeletes": 0})
    project.write("s.yaml", space("team"))
    project.apply()
    project.remove("s.yaml")
    project.plan("--out", "saved.plan", code=4)

    _apply(project, code=4)
    done = _apply(project, "--allow", "max-deletes", code=64)

    # A reviewer saw this deletion as held back, so it doesn't happen.
    assert "a plan carries what it allows" in done.err
    assert "team" in workspace.spaces()


def _seal(path: Path, document: dict[str, Any]) -> None:
    """Write a plan with a digest that fits, as a forger would."""
    rest = {key: value for key, value in document.items() if key != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    document["digest"] = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps(document))


def test_what_was_reviewed_as_refused_does_not_happen_when_its_cause_is_gone(
    project: Project, workspace: Workspace
) -> None:
    body = {"name": "team", "isRestricted": True, "spaceKind": "regular"}
    made = workspace.admin.write(
        "POST", "/spaces", {**body, "managementMode": "manual", "memberIds": []}
    )
    project.write("s.yaml", space("team"))
    project.write("t.yaml", space("other"))
    project.plan("--out", "saved.plan", code=4)
    workspace.admin.write("DELETE", f"/spaces/{made['space']['sId']}")

    _apply(project, code=0)

    assert "other" in workspace.spaces()
    assert "team" not in workspace.spaces()


def test_it_says_until_when_it_counts_and_is_refused_afterwards(
    project: Project, workspace: Workspace, saved: Path
) -> None:
    document = json.loads(saved.read_text())
    assert document["basis"]["expiresAt"] > document["basis"]["madeAt"]
    document["basis"]["madeAt"] = "2020-01-01T00:00:00Z"
    document["basis"]["expiresAt"] = "2020-01-08T00:00:00Z"
    _seal(saved, document)

    done = _apply(project, code=5)

    assert "expired" in done.err
    assert _untouched(workspace)


def test_its_life_is_chosen_when_it_is_made(project: Project, saved: Path) -> None:
    brief = project.folder / "short.plan"
    project.plan("--out", "short.plan", "--expires", "90m")
    short, long = (json.loads(path.read_text())["basis"] for path in (brief, saved))
    assert short["expiresAt"] < long["expiresAt"]
    refused = project.plan("--out", "x.plan", "--expires", "soon", code=64)
    assert "such as 90m, 24h, 7d or 2w" in refused.err


def test_it_is_stale_when_a_secret_was_rotated_since(project: Project, servers: Servers) -> None:
    project.environ["KEY"] = "first-secret-value"
    key = {"X-Key": {"env": "KEY"}}
    project.write("a.yaml", server("a", servers.open.url, displayName="A", headers=key))
    project.plan("--out", "saved.plan")
    text = (project.folder / "saved.plan").read_text()
    project.environ["KEY"] = "second-secret-value"

    done = _apply(project, code=5)

    assert "the secret from env:KEY isn't the one that was there when the plan was made" in done.err
    assert "-secret-value" not in text + done.err + done.out


def test_it_is_stale_on_a_state_of_another_lineage(
    project: Project, workspace: Workspace, saved: Path, tmp_path: Path
) -> None:
    other = project_for(workspace, Project(folder=tmp_path / "other"))
    other.write("o.yaml", space("o", displayName="Other"))
    other.apply()
    (project.folder / "state.json").write_bytes((other.folder / "state.json").read_bytes())

    done = _apply(project, code=5)

    assert "the plan is stale: it was made on another state than the one that is here" in done.err
    assert "the plan's lineage is " in done.err
    assert "plan again and have the new plan reviewed" in done.err
    assert _untouched(workspace)


def test_it_is_stale_without_the_state_that_it_was_made_on(
    project: Project, workspace: Workspace, saved: Path
) -> None:
    (project.folder / "state.json").unlink()

    done = _apply(project, code=5)

    assert "it was made on another state than the one that is here" in done.err
    assert _untouched(workspace)
    assert not (project.folder / "state.json").exists()


def test_it_is_stale_on_an_older_state_than_its_own(
    project: Project, workspace: Workspace, servers: Servers
) -> None:
    project.write("a.yaml", server("a", servers.open.url, displayName="A", icon="ActionCarIcon"))
    project.apply()
    state = project.folder / "state.json"
    old = state.read_bytes()
    project.write("t.yaml", space("t", displayName="T"))
    project.apply()
    project.write("a.yaml", server("a", servers.open.url, displayName="A", icon="ActionBeerIcon"))
    project.plan("--out", "saved.plan")
    state.write_bytes(old)

    done = _apply(project, code=5)

    assert "the plan is stale: the state that is here is older than the plan" in done.err
    assert re.search(r"the plan saw serial \d+, here is \d+", done.err)
    assert "find out who put an old state back, then plan again" in done.err
    assert _untouched(workspace)
    assert state.read_bytes() == old


def test_what_moved_is_told_as_data(project: Project, workspace: Workspace, saved: Path) -> None:
    sid = workspace.server("A")["sId"]
    workspace.admin.write("PATCH", f"/mcp/{sid}", {"icon": "ActionRobotIcon"})

    (moved,) = _apply(project, "--output", "json", code=5).json["moved"]

    assert (moved["address"], moved["path"]) == ("MCPServer/a", ["icon"])
    assert (moved["saw"], moved["now"], moved["wanted"]) == (
        "ActionCarIcon",
        "ActionRobotIcon",
        "ActionBeerIcon",
    )
