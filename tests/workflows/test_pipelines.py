"""Which forge, pull request and commit a pipeline is about, from its own variables."""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.forges import GitHub, GitLab
from reconciler.workflows import Exit, Stop
from reconciler.workflows.pipelines import pipeline

SHA = "c" * 40
GITHUB = {
    "GITHUB_REPOSITORY": "acme/tools",
    "GITHUB_API_URL": "https://ghe.example/api/v3",
    "GITHUB_TOKEN": "ghs_token",
    "GITHUB_SHA": SHA,
}
GITLAB = {
    "CI_API_V4_URL": "https://gitlab.example/api/v4",
    "CI_PROJECT_ID": "7",
    "CI_MERGE_REQUEST_IID": "12",
    "CI_COMMIT_SHA": SHA,
    "RECONCILER_GITLAB_TOKEN": "glpat-token",
}


def _number(tmp_path: Path, event: Any) -> int | None:
    path = tmp_path / "event.json"
    path.write_text(event if isinstance(event, str) else json.dumps(event))
    with pipeline({**GITHUB, "GITHUB_EVENT_PATH": str(path)}) as found:
        return found.pull_request


def test_github_is_told_by_its_repository() -> None:
    with pipeline(GITHUB) as found:
        assert isinstance(found.forge, GitHub)
        assert (found.pull_request, found.commit) == (None, SHA)


def test_gitlab_is_told_by_its_api() -> None:
    with pipeline(GITLAB) as found:
        assert isinstance(found.forge, GitLab)
        assert (found.pull_request, found.commit) == (12, SHA)


@pytest.mark.parametrize(
    ("event", "number"),
    [
        ({"pull_request": {"number": 7}}, 7),
        ({"issue": {"number": 8, "pull_request": {"url": "x"}}}, 8),
        ({"issue": {"number": 9}}, None),
        ({"pull_request": {"number": "7; rm -rf"}}, None),
        ({"ref": "refs/heads/main"}, None),
        ([], None),
        ("not json", None),
    ],
)
def test_the_pull_request_is_that_of_the_event(
    tmp_path: Path, event: Any, number: int | None
) -> None:
    assert _number(tmp_path, event) == number


@pytest.mark.parametrize("sha", ["main", "c" * 39, "C" * 40, "../../x", ""])
def test_what_is_no_commit_is_none(sha: str) -> None:
    with pipeline({**GITHUB, "GITHUB_SHA": sha}) as found:
        assert found.commit is None


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({**GITHUB, "GITHUB_TOKEN": ""}, "GITHUB_TOKEN"),
        ({k: v for k, v in GITHUB.items() if k != "GITHUB_TOKEN"}, "GITHUB_TOKEN"),
        ({**GITLAB, "RECONCILER_GITLAB_TOKEN": "two\nlines"}, "RECONCILER_GITLAB_TOKEN"),
    ],
    ids=["empty", "missing", "two lines"],
)
def test_a_token_that_is_missing_or_cannot_be_sent_is_named(
    environ: dict[str, str], name: str
) -> None:
    with pytest.raises(Stop) as caught, pipeline(environ):
        pass
    assert f"env:{name}" in caught.value.message
    assert "lines" not in caught.value.message.replace("line break", "")


def test_outside_of_pipelines_it_is_wrong_usage() -> None:
    with pytest.raises(Stop) as caught, pipeline({}):
        pass
    assert caught.value.code == Exit.USAGE
