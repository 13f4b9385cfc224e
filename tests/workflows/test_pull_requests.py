"""Which jobs are about a pull request, and what that is to be merged into."""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.workflows.pull_requests import Target, target_of

SHA, OTHER = "c" * 40, "d" * 40
MAIN = "refs/remotes/origin/main"
REPOSITORY = {"default_branch": "main"}
PULL_REQUEST = {"base": {"ref": "main", "sha": SHA}}
GITLAB = {
    "CI_DEFAULT_BRANCH": "main",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
}


def _github(folder: Path, name: str, event: dict[str, Any], **environ: str) -> Target | None:
    path = folder / "event.json"
    path.write_text(json.dumps({"repository": REPOSITORY, **event}))
    return target_of({"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path), **environ})


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("pull_request", {"pull_request": PULL_REQUEST}),
        ("pull_request_target", {"pull_request": PULL_REQUEST}),
        ("pull_request_review", {"pull_request": PULL_REQUEST}),
        ("merge_group", {"merge_group": {"base_ref": "refs/heads/main", "base_sha": SHA}}),
        ("issue_comment", {"issue": {"pull_request": {"url": "x"}}}),
        ("workflow_run", {"workflow_run": {"event": "pull_request"}}),
    ],
)
def test_every_event_of_github_that_is_about_a_pull_request_has_its_base(
    tmp_path: Path, name: str, event: dict[str, Any]
) -> None:
    later = name in ("issue_comment", "workflow_run")  # these run on the default branch

    found = _github(tmp_path, name, event, **({"GITHUB_SHA": SHA} if later else {}))

    assert found == Target(name="main", revisions=(MAIN, SHA))


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("push", {"ref": "refs/heads/main"}),
        ("schedule", {}),
        ("workflow_dispatch", {}),
        ("issue_comment", {"issue": {"number": 9}}),
        ("workflow_run", {"workflow_run": {"event": "push"}}),
    ],
)
def test_other_events_are_about_none(tmp_path: Path, name: str, event: dict[str, Any]) -> None:
    assert _github(tmp_path, name, event) is None


def test_outside_of_pipelines_there_is_none() -> None:
    assert target_of({}) is None


@pytest.mark.parametrize("event", ["not json", "[]", '{"pull_request": 7}'])
def test_an_event_that_can_not_be_read_leaves_a_pull_request_one(
    tmp_path: Path, event: str
) -> None:
    (tmp_path / "event.json").write_text(event)
    environ = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "main"}

    found = target_of({**environ, "GITHUB_EVENT_PATH": str(tmp_path / "event.json")})

    assert found == Target(name="main", revisions=(MAIN,))


def test_the_base_is_a_branch_of_the_remote_and_no_branch_or_tag_of_that_name() -> None:
    found = target_of({"GITHUB_BASE_REF": "main"})
    assert found is not None
    assert found.revisions == (MAIN,)


def test_a_base_that_anybody_may_have_pushed_is_not_believed_unless_the_run_names_it(
    tmp_path: Path,
) -> None:
    event = {"pull_request": {"base": {"ref": "mallory", "sha": SHA}}}
    for named, believed in (("", False), ("release, mallory", True)):
        environ = {"GITHUB_BASE_REF": "mallory", "RECONCILER_BASE_BRANCHES": named}
        found = _github(tmp_path, "pull_request", event, **environ)
        assert found is not None
        assert found.believed is believed


def test_a_merge_request_of_gitlab_has_the_target_branch() -> None:
    assert target_of(GITLAB) == Target(name="main", revisions=(MAIN,))


def test_a_merged_results_pipeline_has_the_commit_that_it_was_merged_with() -> None:
    merged = {
        "CI_MERGE_REQUEST_EVENT_TYPE": "merged_result",
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": SHA,
    }
    assert target_of({**GITLAB, **merged}) == Target(name="main", revisions=(MAIN, SHA))


def test_what_a_merge_train_was_merged_with_is_no_base() -> None:
    """It holds what others propose, and may never be on the branch."""
    train = {
        "CI_MERGE_REQUEST_EVENT_TYPE": "merge_train",
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": SHA,
    }
    assert target_of({**GITLAB, **train}) == Target(name="main", revisions=(MAIN,))


def test_a_protected_target_of_gitlab_is_believed_and_another_is_not() -> None:
    elsewhere = {**GITLAB, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "release"}
    for protected in ("true", "false"):
        found = target_of({**elsewhere, "CI_MERGE_REQUEST_TARGET_BRANCH_PROTECTED": protected})
        assert found is not None
        assert found.believed is (protected == "true")


def test_a_run_may_name_the_base_itself() -> None:
    assert target_of({"RECONCILER_BASE": OTHER, "GITHUB_BASE_REF": "main"}) == Target(
        name=OTHER, revisions=(OTHER,)
    )
