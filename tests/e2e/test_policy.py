"""An organisation's own rules at the command line: text, JSON and exit codes."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.world import Servers, Workspace, project_for, server, space
from tests.parts.cli import Done, Project, run_anywhere

EXAMPLE = Path(__file__).parents[2] / "examples" / "policies"
HOSTS = {
    "name": "no-closed-doors",
    "on": "resource",
    "kinds": ["Space"],
    "action": "deny",
    "message": "spaces are open here",
    "cel": '!has(resource.spec.access) || resource.spec.access == "open"',
}
DELETES = {
    "name": "keep-spaces",
    "on": "change",
    "action": "deny",
    "overridable": True,
    "message": "ask before a space goes",
    "schema": {"properties": {"action": {"not": {"const": "delete"}}}},
}


def under(workspace: Workspace, project: Project, *rules: dict[str, Any]) -> Project:
    """The project, with these rules in its Workspace manifest."""
    return project_for(workspace, project, policy=list(rules))


def test_a_denied_resource_is_shown_offline_and_exits_4(
    project: Project, workspace: Workspace
) -> None:
    under(workspace, project, HOSTS)
    project.write("team.yaml", space("team", access="restricted"))

    done = project.run("validate", "-f", "manifests", code=4)

    assert "error[policy-denied]: rule `no-closed-doors` denies Space/team: spaces are" in done.err
    assert "--> manifests/team.yaml:4:9" in done.err
    assert "the rule is at manifests/workspace.yaml:" in done.err
    assert "the policy denies 1 resource" in done.err

    found = project.run("validate", "-f", "manifests", "--output", "json", code=4).json
    (item,) = found["diagnostics"]
    assert (item["code"], item["severity"], item["address"]) == (
        "policy-denied",
        "error",
        "Space/team",
    )


def test_plan_and_apply_refuse_what_a_rule_denies_and_do_the_rest(
    project: Project, workspace: Workspace
) -> None:
    under(workspace, project, HOSTS)
    project.write("team.yaml", space("team", access="restricted"), space("hall", access="open"))

    planned = project.plan(code=4)
    assert "gate policy" in planned.out
    assert "rule `no-closed-doors` denies Space/team: spaces are open here" in planned.out
    assert "manifests/team.yaml:" in planned.out

    document = project.document(code=4)
    (refused,) = [c for c in document["changes"] if c["refusal"]]
    assert refused["refusal"]["gate"] == "policy"
    assert not refused["refusal"]["overridable"]

    applied = project.apply("--allow", "policy:no-closed-doors", code=4)
    assert "1 applied, 1 refused" in applied.out
    assert {"hall"} <= workspace.spaces().keys()
    assert "team" not in workspace.spaces()


def test_an_overridable_rule_gives_way_to_its_own_flag_for_one_run(
    project: Project, workspace: Workspace
) -> None:
    under(workspace, project, DELETES)
    path = project.write("team.yaml", space("team", access="open"))
    project.apply()
    path.unlink()

    refused = project.apply(code=4)
    assert "allow it once with `--allow policy:keep-spaces`" in refused.out
    assert "team" in workspace.spaces()

    allowed = project.apply("--allow", "policy:keep-spaces")
    assert "this run allows it, once" in allowed.out
    assert "team" not in workspace.spaces()


@pytest.mark.parametrize("command", ["plan", "drift", "apply", "destroy"])
def test_a_rule_that_there_is_not_cannot_be_allowed(
    project: Project, workspace: Workspace, command: str
) -> None:
    under(workspace, project, HOSTS, DELETES)
    yes = ("--yes",) if command in ("apply", "destroy") else ()
    allowed = ("--allow", "policy:keep-space")

    done = project.run(command, "-f", "manifests", *yes, *allowed, code=64)

    assert "--allow names no rule of the policy: `policy:keep-space`" in done.err
    assert "did you mean `policy:keep-spaces`?" in done.err
    assert "the rules are `policy:no-closed-doors`, `policy:keep-spaces`" in done.err
    under(workspace, project)
    none = project.run(command, "-f", "manifests", *yes, *allowed, code=64)
    assert "the Workspace has no `policy:`" in none.err


def test_a_saved_plan_carries_its_rules_and_what_it_allows(
    project: Project, workspace: Workspace
) -> None:
    under(workspace, project, DELETES)
    path = project.write("team.yaml", space("team", access="open"))
    project.apply()
    path.unlink()

    project.plan("--out", "refused.plan", code=4)
    project.run("apply", "refused.plan", code=4)
    assert "team" in workspace.spaces()
    project.plan("--allow", "policy:keep-spaces", "--out", "allowed.plan")
    project.run("apply", "allowed.plan")
    assert "team" not in workspace.spaces()


def test_a_rule_that_warns_is_heard_and_nothing_is_held_back(
    project: Project, workspace: Workspace, servers: Servers
) -> None:
    under(workspace, project, HOSTS | {"action": "warn"})
    project.write(
        "team.yaml",
        space("team", access="restricted"),
        server("desk", servers.open.url, displayName="Desk", spaces=["team"]),
    )

    checked = project.run("validate", "-f", "manifests")
    assert "warning[policy-warning]: rule `no-closed-doors` warns about Space/team" in checked.err
    assert "valid" in checked.out

    assert "warning[policy-warning]" in project.plan().out
    project.apply()
    assert "team" in workspace.spaces()
    settled = project.plan("--detailed-exitcode")
    assert "Nothing to do" in settled.out
    assert "warning[policy-warning]" in settled.out


def test_a_rule_that_fails_to_evaluate_refuses_and_says_so(
    project: Project, workspace: Workspace
) -> None:
    under(workspace, project, HOSTS | {"cel": 'resource.spec.access == "open"'})
    project.write("team.yaml", space("team"))

    done = project.plan(code=4)

    assert "the rule can't be evaluated here, so it doesn't hold" in done.out
    assert "has(…)" in done.out


@pytest.mark.parametrize("command", ["validate", "plan"])
def test_a_rule_that_cannot_be_used_stops_everything_at_its_line(
    project: Project, workspace: Workspace, command: str
) -> None:
    under(workspace, project, HOSTS | {"cel": "resource.spec.access = 'open'"})
    done = project.run(command, "-f", "manifests", code=1)
    assert "error[policy-expression]: rule `no-closed-doors`: not a CEL expression" in done.err
    assert "--> manifests/workspace.yaml:" in done.err
    found = project.run(command, "-f", "manifests", "--output", "json", code=1).json
    assert found["diagnostics"][0]["code"] == "policy-expression"


def test_a_gate_that_is_none_is_wrong_usage(project: Project) -> None:
    for gate in ("policy", "policy:", "everything"):
        assert "Invalid value for '--allow'" in project.plan("--allow", gate, code=64).err


def _validated(folder: Path, tmp_path: Path) -> Done:
    return run_anywhere("validate", "-f", str(folder), "--output", "json", folder=tmp_path)


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"url": "https://mcp.acme.com.evil.example/wiki"}, "our-hosts"),
        ({"url": "https://evil.example/https://acme.com/"}, "our-hosts"),
        ({"url": "https://notacme.com/wiki"}, "our-hosts"),
        ({"auth": {"mode": "automatic", "credentials": "personal"}}, "no-personal-credentials"),
        ({"auth": {"mode": "automatic", "scopes": ["read", "admin"]}}, "known-scopes"),
    ],
)
def test_each_rule_of_the_example_denies_what_it_is_there_for(
    tmp_path: Path, changed: dict[str, Any], rule: str
) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(EXAMPLE, folder)
    path = folder / "servers" / "wiki.yaml"
    manifest = yaml.safe_load(path.read_text())
    assert _validated(folder, tmp_path).code == 0

    manifest["spec"] |= changed
    path.write_text(json.dumps(manifest))

    done = _validated(folder, tmp_path)
    assert done.code == 4
    (item,) = done.json["diagnostics"]
    assert item["code"] == "policy-denied"
    assert item["message"].startswith(f"rule `{rule}` denies MCPServer/wiki: ")


@pytest.mark.parametrize(
    "changed",
    [
        {"url": "https://acme.com/mcp"},
        {"url": "https://eu.mcp.acme.com:8443/wiki"},
        {"auth": {"mode": "none"}},
        {"auth": {"mode": "automatic", "scopes": ["profile"]}},
    ],
)
def test_the_rules_of_the_example_leave_the_rest_alone(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(EXAMPLE, folder)
    path = folder / "servers" / "wiki.yaml"
    manifest = yaml.safe_load(path.read_text())
    manifest["spec"] |= changed
    path.write_text(json.dumps(manifest))
    assert _validated(folder, tmp_path).code == 0
