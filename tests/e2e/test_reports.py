"""Reports of real runs: what a reviewer, code scanning and a test report get to see."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.e2e.world import Servers, Workspace, project_for, server, space
from tests.parts.cli import Project


@pytest.fixture
def guarded(workspace: Workspace, tmp_path: Path) -> Project:
    """A repository whose workspace leaves no gate open."""
    project = Project(folder=tmp_path / "guarded")
    (project.folder / ".git").mkdir(parents=True)
    return project_for(workspace, project, guards={})


def read(project: Project, name: str) -> str:
    return (project.folder / name).read_text("utf-8")


def failures(project: Project, name: str) -> dict[str, str]:
    """The type of failure of each case of a JUnit report that has one."""
    found = {}
    for case in ET.fromstring(read(project, name)).iter("testcase"):
        failure = case.find("failure")
        if failure is not None:
            found[case.attrib["name"]] = failure.attrib["type"]
    return found


def test_a_plan_tells_what_is_refused_introduced_and_drifted(
    guarded: Project, workspace: Workspace, servers: Servers
) -> None:
    guarded.write("team.yaml", space("team", displayName="Team", access="restricted"))
    guarded.write("ops.yaml", space("ops", displayName="Ops", access="restricted"))
    guarded.apply()
    workspace.rename_space("Ops", "Operations")
    guarded.write("team.yaml", space("team", displayName="Team", access="open"))
    guarded.write(
        "desk.yaml", server("desk", servers.open.url, displayName="Desk", spaces=["company"])
    )

    reports = ("markdown=r.md", "sarif=r.sarif", "junit=r.xml", "annotations=r.txt")
    options = [f"--report={each}" for each in reports]
    guarded.plan("--out", "saved.plan", *options, "--report-link", "https://ci.example/1", code=4)

    text = read(guarded, "r.md")
    assert "**Plan: 1 to create, 1 to update, 1 refused" in text
    order = [text.index(f"### {each}") for each in ("Security", "Refused", "Changes", "There")]
    assert order == sorted(order)
    assert "`MCPServer/desk` is shown to the whole company" in text
    introduced, standing = text.split("### There before")
    assert "<code>Space/ops</code>" in standing
    assert "<code>Space/ops</code>" not in introduced
    assert json.loads(read(guarded, "saved.plan"))["digest"] in text
    assert "[full report](<https://ci.example/1>)" in text

    (found,) = json.loads(read(guarded, "r.sarif"))["runs"][0]["results"]
    assert (found["ruleId"], found["level"]) == ("open-space", "error")
    place = found["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "manifests/team.yaml"
    assert place["region"]["startLine"] == 7

    assert failures(guarded, "r.xml") == {"Space/team": "open-space", "Space/ops": "drift"}

    lines = read(guarded, "r.txt").splitlines()
    assert lines[0].startswith("::error file=manifests/team.yaml,line=7,title=open-space,")
    assert any(line.startswith("::warning file=manifests/desk.yaml,") for line in lines)

    linked = ("--report-link", "https://ci.example/1")
    shown = guarded.run("show", "saved.plan", "--report=markdown", *linked)
    assert shown.out == text, "a saved plan gives the comment of the plan that was saved"

    guarded.run("drift", "-f", "manifests", "--report=markdown=d.md", "--report=junit=d.xml")
    assert "## Drift" in read(guarded, "d.md")
    assert "Space/team" not in read(guarded, "d.md").split("## Drift")[1].split("Notes")[0]
    assert failures(guarded, "d.xml") == {"Space/ops": "drift"}


def test_an_apply_tells_how_it_ended(guarded: Project, servers: Servers) -> None:
    guarded.write("team.yaml", space("team", displayName="Team"))
    guarded.write("gone.yaml", server("gone", "http://127.0.0.1:1/mcp", displayName="Gone"))
    guarded.write(
        "oauth.yaml",
        server("more", servers.open.url, displayName="More", spaces=["team"]),
    )
    options = ("--report=markdown=a.md", "--report=junit=a.xml", "--report=summary=s.md")
    done = guarded.apply(*options, code=3)
    assert "Apply: 2 applied, 1 failed." in done.out
    text = read(guarded, "a.md")
    assert text.index("### Failed (1)") < text.index("### Applied (2)")
    assert "at `manifests/gone.yaml:4`" in text
    assert read(guarded, "s.md") == text
    root = ET.fromstring(read(guarded, "a.xml"))
    assert (root.attrib["tests"], root.attrib["failures"]) == ("3", "1")


def test_an_apply_that_ends_early_says_why_in_the_same_place(
    guarded: Project, workspace: Workspace
) -> None:
    guarded.write("team.yaml", space("team", displayName="Team"))
    guarded.apply()
    guarded.write("team.yaml", space("team", displayName="Team One"))
    calm = guarded.run("drift", "-f", "manifests", "--report=markdown")
    assert "**No drift: the workspace is as last applied (1 change of your own to apply).**" in (
        calm.out
    )
    guarded.plan("--out", "saved.plan")
    workspace.rename_space("Team", "Team Two")
    guarded.run(
        "apply", "saved.plan", "--report=markdown=a.md", "--report=annotations=a.txt", code=5
    )
    assert "**Apply: the plan is stale" in read(guarded, "a.md")
    assert read(guarded, "a.txt").startswith("::error title=Apply::the plan is stale")


def test_a_report_on_stdout_is_alone_there(guarded: Project) -> None:
    guarded.write("team.yaml", space("team", displayName="Team"))
    planned = guarded.plan("--report=junit")
    assert ET.fromstring(planned.out).attrib["tests"] == "1"
    applied = guarded.apply("--report=json")
    assert applied.json["format"] == "reconciler.report/v1"
