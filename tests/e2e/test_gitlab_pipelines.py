"""The template for GitLab: its scripts, as they are, against the sandbox and a fake of the API."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.world import Workspace, space
from tests.parts.cli import Project
from tests.parts.gitlab_fake import PROJECT, TOKEN, GitLabFake
from tests.parts.launching import write_program

TEMPLATE = Path(__file__).parents[2] / ".github/gitlab/reconcile.gitlab-ci.yml"
HEAD, COMMIT = "a" * 40, "b" * 40
MERGE_REQUEST = {
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    "CI_DEFAULT_BRANCH": "main",
}


@dataclass(kw_only=True)
class Pipelines:
    """Runs jobs of the template in a project."""

    project: Project
    fake: GitLabFake

    def check_out(self) -> None:
        """Have the project be a checkout, of an origin whose main is what lies there now."""
        identity = ("-c", "user.name=Ana", "-c", "user.email=ana@acme.example")
        origin = str(self.project.folder.parent / "origin")
        for arguments in (
            ("init", "--quiet", "--initial-branch=main"),
            ("add", "manifests"),
            ("commit", "--quiet", "-m", "Begin"),
            ("clone", "--quiet", "--bare", ".", origin),
            ("remote", "add", "origin", origin),
        ):
            subprocess.run(["git", *identity, *arguments], cwd=self.project.folder, check=True)

    def run(self, job: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """The script of a job, as a runner gives it to the shell."""
        template: Any = yaml.safe_load(TEMPLATE.read_text("utf-8"))
        script = "\n".join(["set -e", *template[job]["script"]])
        (self.project.folder / "reconciler-out").mkdir(exist_ok=True)
        programs = self.project.folder / "programs"
        programs.mkdir(exist_ok=True)
        write_program(programs)
        return subprocess.run(
            ["sh", "-c", script],
            cwd=self.project.folder,
            env={
                "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
                "PYTHONUTF8": "1",
                **template["variables"],
                **self.project.environ,
                "CI_API_V4_URL": f"{self.fake.url}/api/v4",
                "CI_PROJECT_ID": PROJECT,
                "CI_PROJECT_URL": "https://gitlab.example/acme",
                "CI_JOB_URL": "https://gitlab.example/acme/-/jobs/1",
                "RECONCILER_GITLAB_TOKEN": TOKEN,
                **environ,
            },
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def pipelines(project: Project) -> Iterator[Pipelines]:
    with GitLabFake() as fake:
        yield Pipelines(project=project, fake=fake)


def test_the_plan_in_the_merge_requests_note_is_the_one_that_is_applied(
    pipelines: Pipelines, workspace: Workspace
) -> None:
    project, fake = pipelines.project, pipelines.fake
    pipelines.check_out()
    project.write("team.yaml", space("team", displayName="Team"))

    planned = pipelines.run("reconciler-plan", **MERGE_REQUEST)

    assert planned.returncode == 0, planned.stdout + planned.stderr
    [note] = fake.notes[7]
    assert "Space/team" in note["body"]
    out = project.folder / "reconciler-out"
    assert (out / "report.xml").read_text().startswith("<?xml")
    plan = (out / "reconciler.plan").read_bytes()
    fake.leave(7, HEAD, "reconciler-plan", "reconciler-out/reconciler.plan", plan)
    fake.merge(7, head=HEAD, commit=COMMIT)

    applied = pipelines.run("reconciler-apply", CI_COMMIT_SHA=COMMIT)

    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "Team" in workspace.spaces()
    assert fake.notes[7][1]["body"].startswith("<!-- reconciler:apply -->")

    workspace.rename_space("Team", "Gang")
    assert pipelines.run("reconciler-drift").returncode == 0
    assert [issue["state"] for issue in fake.issues] == ["opened"]
    workspace.rename_space("Gang", "Team")
    assert pipelines.run("reconciler-drift").returncode == 0
    assert [issue["state"] for issue in fake.issues] == ["closed"]


def test_a_merged_results_pipeline_plans_what_the_merge_then_applies(
    pipelines: Pipelines, workspace: Workspace
) -> None:
    project, fake = pipelines.project, pipelines.fake
    pipelines.check_out()
    project.write("team.yaml", space("team", displayName="Team"))
    made, target = "c" * 40, "d" * 40
    merged = {
        "CI_MERGE_REQUEST_EVENT_TYPE": "merged_result",
        "CI_COMMIT_SHA": made,
        "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD,
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": target,
    }

    planned = pipelines.run("reconciler-plan", **MERGE_REQUEST, **merged)

    assert planned.returncode == 0, planned.stdout + planned.stderr
    plan = (project.folder / "reconciler-out/reconciler.plan").read_bytes()
    fake.parents[made] = [target, HEAD]
    fake.leave(7, made, "reconciler-plan", "reconciler-out/reconciler.plan", plan, ref="merge")
    fake.merge(7, head=HEAD, commit=COMMIT)
    applied = pipelines.run("reconciler-apply", CI_COMMIT_SHA=COMMIT)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "Team" in workspace.spaces()


def test_a_merge_train_is_not_planned_for_nobody_reviews_it() -> None:
    rules = yaml.safe_load(TEMPLATE.read_text("utf-8"))["reconciler-plan"]["rules"]
    assert rules[0] == {"if": '$CI_MERGE_REQUEST_EVENT_TYPE == "merge_train"', "when": "never"}


def test_a_merge_request_that_chooses_a_destination_gets_no_plan(
    pipelines: Pipelines, workspace: Workspace
) -> None:
    project, fake = pipelines.project, pipelines.fake
    pipelines.check_out()
    path = project.manifests / "workspace.yaml"
    manifest = yaml.safe_load(path.read_text("utf-8"))
    manifest["spec"]["url"] = "http://127.0.0.1:9"
    project.write("workspace.yaml", manifest)

    planned = pipelines.run("reconciler-plan", **MERGE_REQUEST)

    assert planned.returncode == 4
    assert "a pull request can't choose where credentials go" in fake.notes[7][0]["body"]


def test_by_hand_a_fresh_plan_is_made_and_that_very_plan_applied(
    pipelines: Pipelines, workspace: Workspace
) -> None:
    project = pipelines.project
    project.write("team.yaml", space("team", displayName="Team"))

    planned = pipelines.run("reconciler-replan")

    assert planned.returncode == 0, planned.stdout + planned.stderr
    assert "+ create Space/team" in planned.stdout
    assert (project.folder / "reconciler-out/report.html").exists()
    assert "Team" not in workspace.spaces()

    applied = pipelines.run("reconciler-apply-fresh")

    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "Team" in workspace.spaces()
    project.write("team.yaml", space("team", displayName="Squad"))
    assert pipelines.run("reconciler-apply-fresh").returncode == 5, "not what was looked at"


def test_a_drift_run_that_could_not_look_fails(pipelines: Pipelines) -> None:
    pipelines.project.environ["DUST_ACCESS_TOKEN"] = ""

    assert pipelines.run("reconciler-drift").returncode == 1
    assert pipelines.fake.issues == []


def test_without_a_review_nothing_is_applied(pipelines: Pipelines, workspace: Workspace) -> None:
    pipelines.project.write("team.yaml", space("team", displayName="Team"))

    applied = pipelines.run("reconciler-apply", CI_COMMIT_SHA=COMMIT)

    assert applied.returncode == 1
    assert "nobody reviewed a plan for it" in applied.stdout
    assert "Team" not in workspace.spaces()
