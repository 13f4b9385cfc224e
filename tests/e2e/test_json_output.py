"""With `--output json`, stdout is one JSON document that fits its schema, however it ends."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.state import FileStore, Owner
from tests.e2e.gatekeeper import Gatekeeper
from tests.e2e.world import (
    EXPIRED,
    Servers,
    Workspace,
    project_for,
    server,
    space,
    write_three_kinds,
)
from tests.parts.cli import Done, Project

SCHEMAS = Path(__file__).parents[2] / "schemas"
_CLOSED = "http://127.0.0.1:1/mcp"
_APPLY = ("apply", "-f", "manifests", "--yes")


def checked(done: Done, kind: str) -> Any:
    """The document on stdout, which must be of this kind and fit its schema."""
    document = done.json
    assert document["format"] == f"reconciler.{kind}/v1", str(done)
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text("utf-8"))
    faults = [error.message for error in Draft202012Validator(schema).iter_errors(document)]
    assert faults == [], str(done)
    if kind == "failure":
        assert document["exitCode"] == done.code, str(done)
        assert document["message"] in done.err, "people read the same"
    return document


def run(project: Project, *arguments: str, code: int) -> Done:
    return project.run(*arguments, "--output", "json", code=code)


def test_each_command_prints_its_document_when_all_is_well(
    project: Project, workspace: Workspace, servers: Servers
) -> None:
    write_three_kinds(project, servers)
    f = ("-f", "manifests")

    assert checked(run(project, "validate", *f, code=0), "diagnostics")["diagnostics"] == []
    planned = checked(run(project, "plan", *f, "--out", "saved.plan", code=0), "plan")
    assert planned["summary"]["create"] == 5
    assert checked(run(project, "show", "saved.plan", code=0), "plan") == planned
    report = checked(run(project, "apply", "saved.plan", code=0), "report")
    assert report["summary"]["applied"] == 5
    assert checked(run(project, *_APPLY, code=0), "report")["results"] == []
    assert checked(run(project, "drift", *f, code=0), "drift")["changes"] == []

    workspace.rename_space("Support", "Helpdesk")
    [moved] = checked(run(project, "drift", *f, code=0), "drift")["changes"]
    assert moved["address"] == "Space/support"
    destroyed = checked(run(project, "destroy", *f, "--yes", code=0), "report")
    assert destroyed["summary"]["applied"] == 5


def test_a_workspace_says_itself_what_apps_must_allow(project: Project) -> None:
    project.write("a.yaml", space("a"))
    text = project.run("callbacks", "--live", "-f", "manifests")
    assert "/oauth/mcp/finalize" in text.out
    assert "/oauth/mcp_static/finalize" in text.out
    assert "other addresses than those that are documented" in text.err

    found = checked(run(project, "callbacks", "--live", "-f", "manifests", code=0), "callbacks")
    told = found["workspace"]
    assert told["redirectUris"] == {
        "automatic": f"{told['url']}/oauth/mcp/finalize",
        "static-oauth": f"{told['url']}/oauth/mcp_static/finalize",
    }
    assert (told["documented"], found["regions"]) == (False, {})
    tables = checked(run(project, "callbacks", code=0), "callbacks")
    assert (tables["workspace"], sorted(tables["regions"])) == (None, ["eu", "us"])


def test_the_workspace_is_asked_for_its_addresses_only_when_wanted(project: Project) -> None:
    project.write("a.yaml", space("a"))
    both = project.run("callbacks", "--live", "--region", "eu", "-f", "manifests", code=64)
    assert "leave it out" in both.err
    idle = project.run("callbacks", "-f", "manifests", code=64)
    assert "--live only" in idle.err


@dataclass(frozen=True, kw_only=True)
class Ending:
    """A way for commands to end: what brings it about, and which commands show it how."""

    name: str
    stage: Callable[[Project, Workspace, Servers], None]
    commands: tuple[tuple[str, ...], ...]
    code: int
    kind: str
    says: str


_PLAN, _DRIFT = ("plan", "-f", "manifests"), ("drift", "-f", "manifests")
_DESTROY = ("destroy", "-f", "manifests", "--yes")
_ONLINE = (_PLAN, _DRIFT, _APPLY, _DESTROY)


def _faulty(project: Project, _workspace: Workspace, _servers: Servers) -> None:
    project.write("a.yaml", space("a", access="ajar"), space("b", colour="red"))


def _expired(project: Project, _workspace: Workspace, _servers: Servers) -> None:
    project.write("a.yaml", space("a"))
    project.environ["DUST_ACCESS_TOKEN"] = EXPIRED


def _damaged_state(project: Project, _workspace: Workspace, _servers: Servers) -> None:
    project.write("a.yaml", space("a"))
    (project.folder / "state.json").write_text("{")


def _stale(project: Project, workspace: Workspace, _servers: Servers) -> None:
    project.write("a.yaml", space("a", access="open"))
    project.plan("--out", "saved.plan")
    project.apply()


def _no_plan(project: Project, _workspace: Workspace, _servers: Servers) -> None:
    (project.folder / "saved.plan").write_text("[]")


def _one_new(project: Project, _workspace: Workspace, _servers: Servers) -> None:
    project.write("a.yaml", space("a"))


def _no_secret(project: Project, _workspace: Workspace, servers: Servers) -> None:
    auth = {"mode": "bearer", "token": {"env": "NOWHERE"}}
    project.write("a.yaml", server("a", servers.open.url, auth=auth))


def _taken(project: Project, _workspace: Workspace, _servers: Servers) -> None:
    project.write("a.yaml", space("a", displayName="board room"))


def _partly(project: Project, _workspace: Workspace, _servers: Servers) -> None:
    project.write("a.yaml", space("a"), server("down", _CLOSED, displayName="Down"))


def _down(project: Project, _workspace: Workspace, _servers: Servers) -> None:
    project.write("a.yaml", server("down", _CLOSED, displayName="Down"))


ENDINGS = (
    Ending(
        name="wrong manifests",
        stage=_faulty,
        commands=_ONLINE,
        code=1,
        kind="failure",
        says="the manifests have 2 errors",
    ),
    Ending(
        name="wrong manifests, validated",
        stage=_faulty,
        commands=(("validate", "-f", "manifests"),),
        code=1,
        kind="diagnostics",
        says="`colour` is not a field",
    ),
    Ending(
        name="expired token",
        stage=_expired,
        commands=_ONLINE,
        code=1,
        kind="failure",
        says="the access token has expired",
    ),
    Ending(
        name="damaged state",
        stage=_damaged_state,
        commands=_ONLINE,
        code=1,
        kind="failure",
        says="state.json can't be used",
    ),
    Ending(
        name="no plan",
        stage=_no_plan,
        commands=(("show", "saved.plan"), ("apply", "saved.plan")),
        code=1,
        kind="failure",
        says="is not a plan",
    ),
    Ending(
        name="stale plan",
        stage=_stale,
        commands=(("apply", "saved.plan"),),
        code=5,
        kind="failure",
        says="the plan is stale",
    ),
    Ending(
        name="nobody to ask",
        stage=_one_new,
        commands=(("apply", "-f", "manifests"),),
        code=64,
        kind="failure",
        says="nobody is there to approve",
    ),
    Ending(
        name="missing secret",
        stage=_no_secret,
        commands=(_APPLY,),
        code=1,
        kind="failure",
        says="secrets can't be resolved",
    ),
    Ending(
        name="refused", stage=_taken, commands=(_APPLY,), code=4, kind="report", says="Board room"
    ),
    Ending(
        name="refused, planned",
        stage=_taken,
        commands=(_PLAN,),
        code=4,
        kind="plan",
        says="name-taken",
    ),
    Ending(
        name="partly applied",
        stage=_partly,
        commands=(_APPLY,),
        code=3,
        kind="report",
        says='"failed": 1',
    ),
    Ending(
        name="failed", stage=_down, commands=(_APPLY,), code=1, kind="report", says='"failed": 1'
    ),
)


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.name)
def test_a_command_that_does_not_succeed_prints_a_document_too(
    project: Project, workspace: Workspace, servers: Servers, ending: Ending
) -> None:
    ending.stage(project, workspace, servers)
    for command in ending.commands:
        done = run(project, *command, code=ending.code)
        checked(done, ending.kind)
        assert ending.says in done.out, str(done)


def test_faults_of_manifests_are_in_the_failure_with_their_places(project: Project) -> None:
    path = project.write("a.yaml", space("a", access="ajar"))
    [fault] = checked(run(project, *_PLAN, code=1), "failure")["diagnostics"]
    assert fault["place"]["file"].endswith(path.name)
    assert fault["place"]["line"] == path.read_text().splitlines().index("  access: ajar") + 1


def test_an_apply_that_is_locked_out_prints_a_failure(
    project: Project, workspace: Workspace
) -> None:
    project.write("a.yaml", space("a"))
    store = FileStore(project.folder / "state.json", provider="dust", workspace_id=workspace.id)
    with store.session(owner=Owner(user="somebody", host="far", pid=7), tool="test"):
        failure = checked(run(project, *_APPLY, code=7), "failure")
    assert "locked by somebody@far:7 since" in failure["message"]
    assert failure["holder"]["owner"] == "somebody@far:7"


@pytest.mark.parametrize(("times", "kind"), [(1, "report"), (2, "failure")])
def test_an_interrupted_apply_prints_a_document_too(
    project: Project, workspace: Workspace, times: int, kind: str
) -> None:
    with Gatekeeper(workspace.url) as gate:
        project_for(workspace, project, url=gate.url)
        project.write("a.yaml", space("a"))
        hold = gate.hold(r"POST .*/spaces$", "after")
        with project.start(*_APPLY, "--output", "json") as running:
            hold.wait()
            running.interrupt()
            running.wait_for("stopping")
            if times == 2:
                running.interrupt()
            else:
                hold.release()
            done = running.end()
    assert done.code == 130, str(done)
    if kind == "report":
        assert checked(done, "report")["interrupted"]
    else:
        document = done.json
        assert document["exitCode"] == 130
        assert "abandoned" in checked(done, "failure")["message"]
