"""The pipelines from end to end: real git, real steps, the sandbox, and a fake of GitHub's API."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.repository import Repository
from tests.e2e.world import Servers, Workspace, project_for, server, space
from tests.parts.actions import Run
from tests.parts.github_fake import GitHubFake

PLAN, APPLY = (f"<!-- reconciler:{key} -->" for key in ("plan", "apply"))


@pytest.fixture
def repository(workspace: Workspace, tmp_path: Path) -> Iterator[Repository]:
    """A repository with an empty workspace in it, its state committed."""
    with GitHubFake() as fake:
        made = Repository(folder=tmp_path, fake=fake)
        project_for(workspace, made.project, state={"path": "../state/acme.json"})
        made.commit("main", "Begin")
        yield made


def _comment(repository: Repository, mark: str) -> str:
    [body] = [each for each in repository.fake.bodies(7) if each.startswith(mark)]
    return body


def _pull_request(repository: Repository, name: str = "team") -> Run:
    """A pull request that adds a space."""
    repository.project.write(f"{name}.yaml", space(name, displayName=name.title()))
    repository.commit("feature")
    return repository.opened(7, "feature")


def test_the_plan_that_was_reviewed_is_the_one_that_is_applied(
    repository: Repository, workspace: Workspace
) -> None:
    opened = _pull_request(repository)
    assert not opened.failed, opened.jobs["plan"].log
    first = _comment(repository, PLAN)
    assert "Space/team" in first
    assert "Team" not in workspace.spaces(), "planning wrote something"

    # Another push: the same comment says something else, and there is still one.
    repository.project.write("team.yaml", space("team", displayName="Squad"))
    repository.commit("feature")
    repository.opened(7, "feature")
    second = _comment(repository, PLAN)
    assert second != first
    assert len(repository.fake.artifacts) == 2

    commit = repository.merge("feature", 7)
    merged = repository.pushed(commit, state="state")
    assert not merged.failed, merged.jobs["apply"].log
    assert "Squad" in workspace.spaces()
    assert "applied" in _comment(repository, APPLY)
    assert _comment(repository, PLAN) == second, "what was reviewed stays as it was"
    assert '"Space/team"' in repository.shown_on_main("state/acme.json")
    assert repository.on_newest_main("state") == ["state/acme.json"]
    assert merged.groups == {"apply": "reconciler-apply-"}

    # Somebody renames it by hand, and later puts it back.
    workspace.rename_space("Squad", "Gang")
    assert not repository.nightly().failed
    [issue] = repository.fake.open_issues()
    assert "Space/team" in issue["body"]
    assert "drift" in issue["labels"]
    repository.nightly()
    assert len(repository.fake.issues) == 1
    workspace.rename_space("Gang", "Squad")
    repository.nightly()
    assert repository.fake.open_issues() == []


def test_a_plan_of_other_manifests_is_not_applied_and_the_pull_request_is_told(
    repository: Repository, workspace: Workspace
) -> None:
    _pull_request(repository)
    repository.on_main()
    repository.project.write("other.yaml", space("other"))
    repository.commit("main", "Meanwhile")
    commit = repository.merge("feature", 7)

    run = repository.pushed(commit)

    assert run.jobs["apply"].code == 5
    told = _comment(repository, APPLY)
    assert "the manifests have changed since it was made" in told
    assert "Team" not in workspace.spaces()

    # By hand: a plan of what is there now, for whoever approves the environment.
    again = repository.dispatched(environment="production")
    assert not again.failed, again.jobs["apply"].log
    assert again.environments["apply"] == "production"
    assert {"Team", "other"} <= workspace.spaces().keys()
    assert len([b for b in repository.fake.bodies(7) if b.startswith(APPLY)]) == 1


def test_an_apply_that_fails_half_way_is_told_and_its_state_is_kept(
    repository: Repository,
) -> None:
    repository.project.write("dead.yaml", server("dead", "http://127.0.0.1:9/mcp"))
    _pull_request(repository)

    run = repository.pushed(repository.merge("feature", 7), state="state")

    assert run.jobs["apply"].code == 3
    told = _comment(repository, APPLY)
    assert "MCPServer/dead" in told
    assert "1 applied, 1 failed" in told
    assert '"Space/team"' in repository.shown_on_main("state/acme.json")


def test_a_fork_is_validated_without_any_secret_and_told_so(repository: Repository) -> None:
    repository.project.write("team.yaml", space("team"))
    repository.commit("feature")

    run = repository.opened(7, "feature", fork=True)

    assert run.jobs.keys() == {"validate"}
    assert not run.failed, run.jobs["validate"].log
    [notice] = run.jobs["validate"].annotations("notice")
    assert "comes from a fork" in notice
    assert repository.fake.requests == [], "a fork's pipeline talked to the API"


def test_faults_of_manifests_are_annotations_and_take_the_place_of_the_former_plan(
    repository: Repository,
) -> None:
    repository.fake.say(7, f"{PLAN}\nthe plan of the push before")
    repository.project.write("team.yaml", {**space("team"), "colour": "red"})
    repository.commit("feature")

    run = repository.opened(7, "feature")

    assert run.jobs["plan"].code == 1
    [(_, properties, text)] = [told for told in run.jobs["plan"].told if told[0] == "error"]
    assert "file=manifests/team.yaml" in properties
    assert "colour" in text
    comment = _comment(repository, PLAN)
    assert "colour" in comment
    assert "Reviewed here" not in comment, "a plan that there isn't counts as reviewed"


def test_nothing_in_a_pull_request_gives_orders_to_shell_runner_or_outputs(
    repository: Repository, workspace: Workspace
) -> None:
    order = "::error::mine ##[error]mine `touch owned` $(touch owned) ';touch owned;"
    hostile = server(
        "evil",
        "http://127.0.0.1:9/mcp",
        displayName="::set-env name=PATH::mine",
        description=order,
        spaces=["company"],
        tools={"$(touch owned)": {"stake": "never_ask"}},
    )
    repository.project.write("a\n::error::mine\n$(touch owned).yaml", hostile)
    branch = "x$(touch${IFS}owned)"
    repository.commit(branch)

    run = repository.opened(7, branch)

    plan = run.jobs["plan"]
    assert plan.code == 0, plan.log
    assert {kind for kind, _, _ in plan.told} <= {"add-mask", "warning", "notice"}
    assert not [text for _, _, text in plan.told if text.startswith("mine")]
    assert plan.outputs["plan"]["create"] == "1"
    assert plan.outputs["plan"]["plan"].startswith(str(repository.folder))
    assert not list(repository.folder.rglob("owned"))


def test_what_waits_for_a_person_is_said_on_the_pull_request(
    repository: Repository, servers: Servers
) -> None:
    repository.environment |= {"APP_SECRET": "the-apps-own-secret"}
    auth = {
        "mode": "static-oauth",
        "clientId": "our-app",
        "clientSecret": {"env": "APP_SECRET"},
        "authorizationEndpoint": "https://as.example/authorize",
        "tokenEndpoint": "https://as.example/token",
        "scopes": ["read"],
    }
    repository.project.write("desk.yaml", server("desk", servers.open.url, auth=auth))
    repository.commit("feature")
    repository.opened(7, "feature")
    commit = repository.merge("feature", 7)

    run = repository.pushed(commit)

    assert run.jobs["apply"].code == 0, run.jobs["apply"].log
    assert "ana@acme.example" in _comment(repository, APPLY)


def test_no_secret_is_in_the_log_a_comment_an_artifact_or_an_output(
    repository: Repository,
) -> None:
    run = _pull_request(repository)
    plan = run.jobs["plan"]
    masked = repository.environment["DUST_ACCESS_TOKEN"]
    assert {text for kind, _, text in plan.told if kind == "add-mask"} == {masked}
    shown = plan.log.replace(f"::add-mask::{masked}", "")

    for secret in (repository.environment["DUST_ACCESS_TOKEN"], "ghs_the-jobs-own-token"):
        assert secret not in shown
        assert secret not in "".join(repository.fake.bodies(7))
        assert secret not in str(plan.outputs)
        kept = repository.fake.files("reconciler-plan").values()
        assert not any(secret.encode() in data for data in kept)


def test_the_workflow_that_init_writes_plans_and_applies(
    repository: Repository, workspace: Workspace
) -> None:
    repository.project.run("init", "starter")
    [starter] = (repository.project.folder / "starter/.github/workflows").iterdir()
    # What somebody has to fill in: here the actions are those of this repository, and the tool is
    # installed already.
    text = re.sub(r"OWNER/reconciler/(\S+)@0{40}", r"$/\1", starter.read_text())
    text = re.sub(r"^( +)(command: \w+)$", r"\1\2\n\1version: installed", text, flags=re.MULTILINE)
    starter.write_text(text)
    repository.project.write("team.yaml", space("team", displayName="Team"))
    repository.commit("feature")

    opened = repository.opened(7, "feature", workflow=starter)
    assert not opened.failed, opened.jobs["plan"].log
    assert "Space/team" in _comment(repository, PLAN)

    merged = repository.pushed(repository.merge("feature", 7), workflow=starter)
    assert not merged.failed, merged.jobs["apply"].log
    assert (opened.environments, merged.environments) == (
        {"plan": "reconciler-plan"},
        {"apply": "production"},
    )
    assert "Team" in workspace.spaces()
    assert '"Space/team"' in repository.shown_on_main("state/acme.json")
    assert "applied" in _comment(repository, APPLY)
