"""`publish` and `reviewed` at the command line, as a pipeline's steps call them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_json_output import checked
from tests.parts.cli import Done, Project
from tests.parts.github_fake import REPOSITORY, TOKEN, GitHubFake


@pytest.fixture
def fake() -> Iterator[GitHubFake]:
    with GitHubFake() as running:
        yield running


@pytest.fixture
def step(fake: GitHubFake, tmp_path: Path) -> Project:
    """A step of a workflow, with a text to publish."""
    (tmp_path / "report.md").write_text("one change\n")
    environ = {
        "GITHUB_API_URL": fake.url,
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_SHA": "a" * 40,
    }
    return Project(folder=tmp_path, environ=environ)


def _publish(step: Project, *arguments: str, code: int = 0, stdin: str | None = None) -> Done:
    return step.run("publish", *arguments, "--output", "json", code=code, stdin=stdin)


def test_a_comment_is_told_as_data(step: Project, fake: GitHubFake) -> None:
    done = _publish(step, "comment", "--body", "report.md", "--pull-request", "7")

    document = checked(done, "published")
    assert document["deed"] == "created"
    assert document["url"].startswith("https://github.example/")
    assert fake.bodies(7) == ["<!-- reconciler:plan -->\none change\n"]


def test_a_text_from_stdin_opens_an_issue_and_closes_it(step: Project, fake: GitHubFake) -> None:
    opened = _publish(step, "issue", "--title", "Drift", "--body", "-", stdin="a was renamed")
    closed = _publish(step, "issue", "--title", "Drift", "--body", "-", "--close", stdin="gone")

    assert (checked(opened, "published")["deed"], closed.json["deed"]) == ("created", "closed")
    assert fake.open_issues() == []


def test_without_a_pull_request_it_is_wrong_usage_and_says_the_option(step: Project) -> None:
    done = _publish(step, "comment", "--body", "report.md", code=64)

    assert "--pull-request NUMBER" in checked(done, "failure")["help"][0]


def test_a_commit_that_came_without_a_pull_request_is_nowhere_to_comment(
    step: Project, fake: GitHubFake
) -> None:
    done = _publish(step, "comment", "--body", "report.md", "--merged")

    assert checked(done, "published")["deed"] == "absent"
    assert fake.calls(writes_only=True) == []


def test_a_missing_permission_ends_with_a_failure_and_no_token_in_it(
    step: Project, fake: GitHubFake
) -> None:
    fake.permissions = frozenset()

    done = _publish(step, "comment", "--body", "report.md", "--pull-request", "7", code=1)

    assert "pull-requests: write" in checked(done, "failure")["help"][0]
    assert TOKEN not in done.out + done.err


def test_a_key_that_no_marker_can_hold_is_wrong_usage(step: Project, fake: GitHubFake) -> None:
    done = _publish(step, "comment", "--body", "report.md", "--key", "a-->b", code=64)

    assert "expected letters" in done.err
    assert fake.requests == []


def test_a_merge_that_nobody_reviewed_is_told(step: Project) -> None:
    done = step.run("reviewed", "--out", "x.plan", "--output", "json", code=1)

    assert "nobody reviewed a plan" in checked(done, "failure")["message"]
    assert not (step.folder / "x.plan").exists()


def test_outputs_are_lines_for_the_runner_or_variables_for_gitlab(step: Project) -> None:
    (step.folder / "result.json").write_text('{"format": "reconciler.failure/v1"}')
    arguments = ("publish", "outputs", "result.json", "--exit-code", "5")

    lines = step.run(*arguments).out.splitlines()
    variables = step.run(*arguments, "--fail-on", "", "--dotenv").out.splitlines()

    assert lines[:3] == ["exit-code=5", "failed=true", "has-changes=false"]
    assert variables[:2] == ["RECONCILER_EXIT_CODE=5", "RECONCILER_FAILED=false"]
