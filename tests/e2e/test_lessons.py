"""What went wrong elsewhere, played against this tool: each is a row of the page on safety."""

import json
import threading
from pathlib import Path

import pytest

from tests.e2e.gatekeeper import Asked, Gatekeeper, Told
from tests.e2e.world import Servers, Workspace, project_for, server, space
from tests.parts.cli import Project


def test_a_storm_of_429_is_waited_out_and_the_plan_had_forecast_the_calls(
    project: Project, workspace: Workspace, servers: Servers
) -> None:
    for number in range(21):
        name = f"s{number}"
        manifest = server(name, servers.open.url, displayName=name, icon="ActionCarIcon")
        project.write(f"{name}.yaml", manifest)
    seen: set[tuple[str, bytes]] = set()
    lock = threading.Lock()

    def once_too_many(asked: Asked) -> Told | None:
        with lock:
            known = (str(asked), asked.body) in seen
            seen.add((str(asked), asked.body))
        body = b'{"error": {"type": "rate_limit_error", "message": "slow down"}}'
        return None if known else Told(status=429, body=body, headers={"retry-after": "0"})

    with Gatekeeper(workspace.url) as gate:
        project_for(workspace, project, url=gate.url)
        forecast = project.document()["summary"]["calls"]
        gate.answer(r"^(POST|PATCH|DELETE|GET) .*/w/", once_too_many)
        done = project.apply()
        writes = len(gate.calls(writes_only=True))
    assert "21 applied" in done.out
    assert f"{forecast} API calls" in done.out
    assert writes == 2 * forecast, "every call was refused once, and then made"
    project_for(workspace, project)
    project.settled()


@pytest.mark.parametrize("command", ["plan", "drift", "apply"])
def test_something_is_said_before_the_first_list_is_answered(
    project: Project, workspace: Workspace, command: str
) -> None:
    project.write("t.yaml", space("t", displayName="T"))
    order: list[str] = []
    released = threading.Event()

    def slowly(_asked: Asked) -> None:
        released.wait(60)
        order.append("the list was answered")

    yes = ("--yes",) if command == "apply" else ()
    with Gatekeeper(workspace.url) as gate:
        gate.answer(r"GET .*/spaces\?", slowly)
        project_for(workspace, project, url=gate.url)
        with project.start(command, "-f", "manifests", *yes) as running:
            running.wait_for("reading workspace")
            order.append("a line was out")
            released.set()
            assert running.end().code == 0
    assert order[:2] == ["a line was out", "the list was answered"]


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_secret_stops_before_the_first_write(
    project: Project, workspace: Workspace, servers: Servers, empty: str
) -> None:
    project.environ["TOKEN"] = empty
    (project.folder / "empty").write_text(empty)
    auth = {"mode": "bearer", "token": {"env": "TOKEN"}}
    header = {"X-Key": {"file": str(project.folder / "empty")}}
    project.write("t.yaml", space("t", displayName="T"))
    project.write("a.yaml", server("a", servers.open.url, auth=auth))
    project.write("b.yaml", server("b", servers.other.url, headers=header))
    with Gatekeeper(workspace.url) as gate:
        project_for(workspace, project, url=gate.url)
        refused = project.apply(code=1)
        assert gate.calls(writes_only=True) == []
    assert "TOKEN" in refused.err
    assert "manifests/a.yaml:" in refused.err
    assert "manifests/b.yaml:" in refused.err


def test_counts_after_a_partial_failure_are_what_happened_and_stdout_is_one_document(
    project: Project, workspace: Workspace, servers: Servers
) -> None:
    project.write("t.yaml", space("t", displayName="T"))
    tools = {"no_such_tool": {"stake": "low"}}
    project.write("a.yaml", server("a", servers.open.url, displayName="A", tools=tools))
    project.apply()
    project.write("down.yaml", server("down", "http://127.0.0.1:1/mcp", displayName="Down"))
    project.write("u.yaml", space("u", displayName="U"))
    project.write("v.yaml", space("v", displayName="V", members=["nobody@acme.example"]))

    planned = project.plan("--output", "json", code=4)
    report = project.apply("--output", "json", code=3).json

    assert [each["code"] for each in planned.json["warnings"]] == ["unknown-tool"]
    told = {each["address"]: each["outcome"] for each in report["results"]}
    assert told == {"MCPServer/down": "failed", "Space/u": "applied", "Space/v": "refused"}
    assert {k: n for k, n in report["summary"].items() if n} == {
        "applied": 1,
        "failed": 1,
        "refused": 1,
    }
    state = json.loads((project.folder / "state.json").read_text("utf-8"))
    assert sorted(state["resources"]) == ["MCPServer/a", "Space/t", "Space/u"]
    assert {"T", "U"} <= set(workspace.spaces())
    assert "V" not in workspace.spaces()


def test_one_guard_is_overridden_by_its_name_and_no_other(
    workspace: Workspace, tmp_path: Path
) -> None:
    guards = {"maxDeleteFraction": 0.5, "allow": []}
    project = project_for(workspace, Project(folder=tmp_path), guards=guards)
    for name in ("a", "b", "c"):
        project.write(f"{name}.yaml", space(name, access="restricted"))
    project.apply()
    project.write("a.yaml", space("a", access="open"))
    project.remove("b.yaml")
    project.remove("c.yaml")

    assert "gate max-deletes" in project.plan("--detailed-exitcode", code=4).out
    project.apply("--allow", "max-deletes", code=4)

    assert {"a", "b", "c"} & workspace.spaces().keys() == {"a"}
    assert workspace.spaces()["a"]["isRestricted"], "opening it has a gate of its own"


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_an_error_is_told_from_a_difference_and_from_none_by_the_exit_code(
    project: Project, workspace: Workspace, command: str
) -> None:
    project.write("t.yaml", space("t", displayName="T"))
    project.apply()
    asked = (command, "-f", "manifests", "--detailed-exitcode")
    project.run(*asked, code=0)
    workspace.rename_space("T", "Elsewhere")
    project.run(*asked, code=2)
    project_for(workspace, project, url="http://127.0.0.1:1")
    project.run(*asked, code=1)


def test_an_unknown_block_is_an_error_and_never_left_out(
    project: Project, workspace: Workspace
) -> None:
    manifest = space("t", displayName="T")
    project.write("t.yaml", {**manifest, "mcp_servers": [{"name": "a"}]})
    refused = project.apply(code=1)
    assert "`mcp_servers` is not a field" in refused.err
    assert "manifests/t.yaml:" in refused.err
    assert "T" not in workspace.spaces()


def test_nothing_of_a_plan_depends_on_the_value_of_a_secret(
    project: Project, servers: Servers
) -> None:
    header = {"X-Key": {"env": "TOKEN"}}
    project.write("a.yaml", server("a", servers.open.url, displayName="A", headers=header))
    project.environ["TOKEN"] = "e"
    project.apply()
    texts = set()
    for value in ("a", "MCPServer", "a-long-and-very-secret-value"):
        project.environ["TOKEN"] = value
        texts.add(project.plan().out)
    assert len(texts) == 1
