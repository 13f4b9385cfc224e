"""The action by itself: its installation, its outputs, and what makes it fail."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.world import ADMIN, Workspace, project_for, server, space
from tests.parts.actions import Machine, StepsDone
from tests.parts.actions.steps import ROOT
from tests.parts.cli import Project
from tests.parts.github_fake import REPOSITORY, TOKEN, GitHubFake
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.parts.vault_auth_fake import JwtRole, signed
from tests.parts.vault_fake import VaultFake

ACTION = ROOT / ".github/actions/reconcile"


@pytest.fixture
def fake() -> Iterator[GitHubFake]:
    with GitHubFake() as running:
        yield running


@pytest.fixture
def machine(project: Project, fake: GitHubFake, tmp_path: Path) -> Machine:
    """A runner in a folder of manifests."""
    github = {
        "repository": REPOSITORY,
        "run_id": "1",
        "server_url": "https://github.example",
        "token": TOKEN,
    }
    return Machine(
        workspace=project.folder,
        temp=tmp_path / "temp",
        environ={"GITHUB_API_URL": fake.url, "GITHUB_REPOSITORY": REPOSITORY},
        stands={"actions/setup-python": lambda _machine, _given: None},
        context={"github": github},
    )


def _run(machine: Machine, command: str, **inputs: str) -> StepsDone:
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    return machine.action(ACTION, {"version": "installed", "command": command} | given)


def test_it_fails_as_the_command_did_and_tells_the_counts_all_the_same(
    machine: Machine, project: Project, workspace: Workspace
) -> None:
    # The name is taken by a space that isn't ours.
    project.write("s.yaml", space("board", displayName="Board room"))

    done = _run(machine, "plan", environment=f"DUST_ACCESS_TOKEN={ADMIN}")

    assert done.code == 4, done.log
    assert (done.outputs[""]["exit-code"], done.outputs[""]["refused"]) == ("4", "1")
    assert "refused" in machine.summary.read_text("utf-8")


def test_what_makes_it_fail_is_chosen(machine: Machine, project: Project) -> None:
    project.write("s.yaml", space("team"))

    done = _run(
        machine,
        "plan",
        environment=f"DUST_ACCESS_TOKEN={ADMIN}",
        arguments="--expires\n90m",
        fail_on="changes",
    )

    assert done.code == 1
    assert (done.outputs[""]["exit-code"], done.outputs[""]["create"]) == ("0", "1")


def test_a_missing_secret_is_a_report_and_no_crash(machine: Machine, project: Project) -> None:
    done = _run(machine, "plan", environment="DUST_ACCESS_TOKEN=")

    assert done.code == 1
    assert "env:DUST_ACCESS_TOKEN" in machine.summary.read_text("utf-8")
    assert [text for text in done.annotations("error") if "DUST_ACCESS_TOKEN" in text]


def test_a_run_that_could_not_look_for_drift_leaves_the_issue_as_it_is(
    machine: Machine, fake: GitHubFake
) -> None:
    issue = fake.open_issue("Drift", "<!-- reconciler:drift -->\na was renamed")
    before = dict(issue)

    done = _run(machine, "drift", issue="true", environment="DUST_ACCESS_TOKEN=t.of-nobody")

    assert done.code == 1
    assert issue == before


def test_a_plan_of_another_place_and_name_is_kept_where_a_merge_looks_for_it(
    machine: Machine, project: Project
) -> None:
    project.write("s.yaml", space("team"))
    kept: list[Path] = []
    machine.stands = {
        **machine.stands,
        "actions/upload-artifact": lambda _machine, given: kept.append(Path(given["path"])),
    }

    done = _run(
        machine,
        "plan",
        environment=f"DUST_ACCESS_TOKEN={ADMIN}",
        working_directory="manifests",
        files=".",
        plan="my.plan",
        artifact="reconciler-plan",
    )

    plan = project.manifests / "my.plan"
    assert done.outputs[""]["plan"] == str(plan)
    assert (kept[0] / "reconciler.plan").read_bytes() == plan.read_bytes()


def test_secrets_come_from_vault_by_the_jobs_own_identity_and_none_is_stored(
    machine: Machine, project: Project, workspace: Workspace
) -> None:
    credentials = {"accessToken": {"vault": "secret/dust#token"}}
    project_for(workspace, project, credentials=credentials)
    project.write("s.yaml", space("team"))
    audience = "https://vault.example"
    with VaultFake() as vault, ScriptedHttp() as identities:
        vault.put("secret/dust", {"token": ADMIN})
        vault.auth.jwt["jwt"] = {
            "plans": JwtRole(bound_audiences=[audience], bound_claims={"ref": "main"})
        }
        identity = signed(aud=audience, ref="main", sub=f"repo:{REPOSITORY}")
        identities.on("GET", "/token", Reply(json={"count": 1, "value": identity}))
        # What GitHub sets in a job with `id-token: write`.
        machine.environ |= {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{identities.url}/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "the-jobs-own",
        }
        variables = f"VAULT_ADDR={vault.url}\nVAULT_AUTH_METHOD=github\nVAULT_AUTH_ROLE=plans"

        done = _run(machine, "plan", variables=variables)

    assert done.code == 0, done.log
    assert done.outputs[""]["create"] == "1"
    assert ADMIN not in done.log


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"command": "destroy"}, "command is to be"),
        ({"command": "plan", "environment": "$(touch owned)"}, "environment takes NAME=VALUE"),
        ({"command": "plan", "plan": "a\nfolder=elsewhere"}, "one line each"),
    ],
    ids=["command", "environment", "plan"],
)
def test_wrong_inputs_are_told_and_nothing_is_run(
    machine: Machine, inputs: dict[str, str], words: str
) -> None:
    done = _run(machine, **inputs)

    assert done.code == 64
    assert words in done.annotations("error")[0]
    assert not list(machine.workspace.rglob("owned"))


@pytest.mark.parametrize("name", ["TOKEN", "FILES", "line"])
def test_a_secret_cannot_take_the_place_of_what_the_action_itself_was_told(
    machine: Machine, project: Project, name: str
) -> None:
    done = _run(machine, "plan", environment=f"{name}=canary")

    assert done.code == 64
    assert f"{name} is a name of this action's own" in done.annotations("error")[0]
    assert "canary" not in done.log


def test_the_forges_token_is_out_of_the_reach_of_manifests(
    machine: Machine, project: Project
) -> None:
    auth = {"mode": "bearer", "token": {"env": "TOKEN"}}
    headers = {"X-Key": {"env": "GITHUB_TOKEN"}}
    project.write("t.yaml", server("t", "http://127.0.0.1:9/mcp", auth=auth, headers=headers))

    done = _run(machine, "plan", environment=f"DUST_ACCESS_TOKEN={ADMIN}")

    plan = json.loads(Path(done.outputs[""]["plan"]).read_text("utf-8"))
    found = {each["source"]: each["fingerprint"] for each in plan["basis"]["secrets"]}
    assert found == {"env:TOKEN": None, "env:GITHUB_TOKEN": None}


@pytest.mark.timeout(900)
@pytest.mark.skipif(not os.environ.get("CI"), reason="installs from the package index: CI only")
def test_it_installs_the_tool_that_it_came_with(machine: Machine, project: Project) -> None:
    done = _run(machine, "validate", version="", extras="vault")

    assert done.code == 0, done.log
    assert (machine.temp / "reconciler-venv/bin/reconciler").exists()
