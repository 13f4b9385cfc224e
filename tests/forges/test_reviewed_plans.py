"""The plan that is applied is the one that was reviewed: found, and checked against the review."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import closing

import pytest

from reconciler.forges import Forge, GitHub, GitLab, Patience, Refused
from reconciler.secrets import Secret
from reconciler.workflows import Exit, Stop
from reconciler.workflows.reviewing import ReviewedPlan, reviewed_plan, statement
from tests.parts.github_fake import GitHubFake
from tests.parts.gitlab_fake import PROJECT, TOKEN, GitLabFake
from tests.parts.values import plan, snapshot, space
from tests.planning.documents import document

HEAD, COMMIT = "a" * 40, "b" * 40
NAME, PATH, KEY = "reconciler-plan", "reconciler.plan", "plan"
PLAN = document(plan([space("team")], snapshot()))
OTHER = document(plan([space("other")], snapshot()))
NOTHING = document(plan([], snapshot()))


def _data(found: object) -> bytes:
    return json.dumps(found).encode()


def _comment(digest: str, text: str = "one space") -> str:
    return f"<!-- reconciler:plan -->\n{text}\n\n{statement(digest)}"


def _reviewed(forge: Forge) -> ReviewedPlan:
    return reviewed_plan(forge, COMMIT, key=KEY, artifact=NAME, path=PATH)


def _refused(forge: Forge, code: Exit) -> Stop:
    with pytest.raises(Stop) as caught:
        _reviewed(forge)
    assert caught.value.code == code
    return caught.value


@pytest.fixture
def merged(fake: GitHubFake) -> GitHubFake:
    """A pull request whose plan was shown, merged."""
    fake.upload(NAME, {PATH: _data(PLAN)}, HEAD)
    fake.say(7, _comment(PLAN["digest"]))
    fake.merge(7, head=HEAD, commit=COMMIT)
    return fake


def test_the_plan_that_was_shown_is_found(github: GitHub, merged: GitHubFake) -> None:
    found = _reviewed(github)

    assert found.digest == PLAN["digest"]
    assert found.merged.number == 7


def test_the_storage_of_artifacts_gets_no_token(github: GitHub, merged: GitHubFake) -> None:
    _reviewed(github)

    [asked] = [each for each in merged.requests if each.server == "storage"]
    assert "authorization" not in asked.headers


def test_a_plan_that_was_not_shown_is_not_applied(github: GitHub, fake: GitHubFake) -> None:
    fake.upload(NAME, {PATH: _data(OTHER)}, HEAD)
    fake.say(7, _comment(PLAN["digest"]))
    fake.merge(7, head=HEAD, commit=COMMIT)

    stop = _refused(github, Exit.STALE)

    assert "isn't the one that was shown" in stop.message
    assert stop.notes == (f"shown: {PLAN['digest']}", f"found: {OTHER['digest']}")


def test_of_several_plans_for_a_commit_the_one_that_was_shown_counts(
    github: GitHub, fake: GitHubFake
) -> None:
    for each in (PLAN, OTHER):
        fake.upload(NAME, {PATH: _data(each)}, HEAD)
    fake.say(7, _comment(PLAN["digest"]))
    fake.merge(7, head=HEAD, commit=COMMIT)

    assert _reviewed(github).digest == PLAN["digest"]


def test_a_comment_that_changed_after_the_merge_does_not_count(
    github: GitHub, merged: GitHubFake
) -> None:
    merged.comments[7][0] |= {"body": _comment(OTHER["digest"]), "updated_at": merged._tick()}
    merged.upload(NAME, {PATH: _data(OTHER)}, HEAD)

    assert "changed after the merge" in _refused(github, Exit.STALE).message


def test_a_comment_of_somebody_else_does_not_count(github: GitHub, fake: GitHubFake) -> None:
    fake.upload(NAME, {PATH: _data(PLAN)}, HEAD)
    fake.say(7, _comment(PLAN["digest"]), "mallory")
    fake.merge(7, head=HEAD, commit=COMMIT)

    assert "shown: none" in _refused(github, Exit.STALE).notes


def test_a_digest_inside_the_text_of_a_comment_does_not_count(
    github: GitHub, fake: GitHubFake
) -> None:
    fake.upload(NAME, {PATH: _data(OTHER)}, HEAD)
    fake.say(7, _comment(PLAN["digest"], text=f"a title with\n{statement(OTHER['digest'])}in it"))
    fake.merge(7, head=HEAD, commit=COMMIT)

    assert "isn't the one that was shown" in _refused(github, Exit.STALE).message


@pytest.mark.parametrize(
    "artifact",
    [
        {"head": "c" * 40},
        {"head": HEAD, "fork": True},
        {"head": HEAD, "name": "another"},
    ],
    ids=["another commit", "a fork", "another name"],
)
def test_artifacts_of_other_origin_do_not_count(
    github: GitHub, fake: GitHubFake, artifact: dict[str, object]
) -> None:
    name = str(artifact.get("name", NAME))
    fork = bool(artifact.get("fork"))
    fake.upload(name, {PATH: _data(PLAN)}, str(artifact["head"]), fork=fork)
    fake.say(7, _comment(PLAN["digest"]))
    fake.merge(7, head=HEAD, commit=COMMIT)

    assert "there is no plan for aaaaaaaaaaaa" in _refused(github, Exit.STALE).message


MIB = 2**20
SWOLLEN = {
    "a file that swells": ({PATH: b" " * 65 * MIB}, zipfile.ZIP_DEFLATED, "is too large"),
    "a packing that can't be bounded": (
        {PATH: b" " * MIB},
        zipfile.ZIP_BZIP2,
        "is compressed in a way that isn't read",
    ),
    "names without end": (
        {str(number): b"" for number in range(10_001)},
        zipfile.ZIP_STORED,
        "has more than 10,000 files",
    ),
}


@pytest.mark.parametrize("name", SWOLLEN)
def test_an_archive_that_swells_is_refused(github: GitHub, fake: GitHubFake, name: str) -> None:
    files, compression, words = SWOLLEN[name]
    fake.upload(NAME, files, HEAD, compression=compression)
    fake.say(7, _comment(PLAN["digest"]))
    fake.merge(7, head=HEAD, commit=COMMIT)

    with pytest.raises(Refused, match=words):
        _reviewed(github)


def test_an_artifact_that_expired_is_told(github: GitHub, merged: GitHubFake) -> None:
    merged.artifacts[0]["expired"] = True

    stop = _refused(github, Exit.STALE)

    assert "has expired" in stop.notes[0]
    assert "run the apply workflow by hand" in stop.help[1]


@pytest.mark.parametrize("files", [{PATH: b"\xff"}, {PATH: b"{}"}])
def test_an_artifact_with_something_else_than_a_plan_in_it_is_refused(
    github: GitHub, fake: GitHubFake, files: dict[str, bytes]
) -> None:
    fake.upload(NAME, files, HEAD)
    fake.say(7, _comment(PLAN["digest"]))
    fake.merge(7, head=HEAD, commit=COMMIT)

    with pytest.raises((Stop, Refused), match=r"is not a plan"):
        _reviewed(github)


@pytest.mark.parametrize("files", [{}, {"../" + PATH: _data(OTHER)}])
def test_a_run_that_came_to_no_plan_does_not_hide_one_that_did(
    github: GitHub, fake: GitHubFake, files: dict[str, bytes]
) -> None:
    fake.upload(NAME, {PATH: _data(PLAN)}, HEAD)
    fake.upload(NAME, files, HEAD)
    fake.say(7, _comment(PLAN["digest"]))
    fake.merge(7, head=HEAD, commit=COMMIT)

    assert _reviewed(github).digest == PLAN["digest"]


def test_where_planning_failed_there_is_no_plan(github: GitHub, fake: GitHubFake) -> None:
    fake.upload(NAME, {}, HEAD)
    fake.say(7, _comment(PLAN["digest"]))
    fake.merge(7, head=HEAD, commit=COMMIT)

    assert "or planning failed" in _refused(github, Exit.STALE).notes[0]


def test_a_commit_that_came_without_a_pull_request_was_not_reviewed(
    github: GitHub, merged: GitHubFake
) -> None:
    merged.pulls[COMMIT][0]["merge_commit_sha"] = "d" * 40

    assert "nobody reviewed a plan for it" in _refused(github, Exit.FAILED).message


def test_a_plan_without_changes_takes_no_review(github: GitHub, fake: GitHubFake) -> None:
    fake.upload(NAME, {PATH: _data(NOTHING)}, HEAD)
    fake.merge(7, head=HEAD, commit=COMMIT)

    assert _reviewed(github).digest == NOTHING["digest"]


def test_a_plan_with_changes_that_nobody_was_shown_is_not_applied(
    github: GitHub, fake: GitHubFake
) -> None:
    fake.upload(NAME, {PATH: _data(PLAN)}, HEAD)
    fake.merge(7, head=HEAD, commit=COMMIT)

    _refused(github, Exit.STALE)


@pytest.fixture
def gitlab_fake() -> Iterator[GitLabFake]:
    with GitLabFake() as running:
        yield running


@pytest.fixture
def gitlab(gitlab_fake: GitLabFake, patience: Patience) -> Iterator[GitLab]:
    made = GitLab(
        url=f"{gitlab_fake.url}/api/v4",
        project=PROJECT,
        page="https://gitlab.example/acme",
        token=Secret(TOKEN),
        patience=patience,
    )
    with closing(made) as client:
        yield client


def test_on_gitlab_it_is_the_file_of_the_job_in_the_merge_requests_pipeline(
    gitlab: GitLab, gitlab_fake: GitLabFake
) -> None:
    gitlab_fake.leave(7, "c" * 40, NAME, PATH, _data(OTHER))
    gitlab_fake.leave(7, HEAD, "another", PATH, _data(OTHER))
    gitlab_fake.leave(7, HEAD, NAME, PATH, _data(PLAN))
    gitlab_fake.say(7, _comment(PLAN["digest"]))
    gitlab_fake.merge(7, head=HEAD, commit=COMMIT)

    assert _reviewed(gitlab).digest == PLAN["digest"]


def test_on_gitlab_neither_a_cancelled_job_nor_a_forks_pipeline_hides_the_plan(
    gitlab: GitLab, gitlab_fake: GitLabFake
) -> None:
    gitlab_fake.leave(7, HEAD, NAME, PATH, _data(PLAN))
    gitlab_fake.leave(7, HEAD, NAME, PATH, None)
    gitlab_fake.leave(7, HEAD, NAME, PATH, _data(OTHER), project="8")
    gitlab_fake.say(7, _comment(PLAN["digest"]))
    gitlab_fake.merge(7, head=HEAD, commit=COMMIT)

    assert _reviewed(gitlab).digest == PLAN["digest"]


@pytest.mark.parametrize("ref", ["merge", "train"])
def test_on_gitlab_the_plan_may_be_of_what_the_merge_request_comes_to(
    gitlab: GitLab, gitlab_fake: GitLabFake, ref: str
) -> None:
    """A merged results pipeline runs for a commit of GitLab's making."""
    made, target = "c" * 40, "d" * 40
    gitlab_fake.parents[made] = [target, HEAD]
    gitlab_fake.leave(7, made, NAME, PATH, _data(PLAN), ref=ref)
    gitlab_fake.say(7, _comment(PLAN["digest"]))
    gitlab_fake.merge(7, head=HEAD, commit=COMMIT)

    assert _reviewed(gitlab).digest == PLAN["digest"]


@pytest.mark.parametrize(
    ("ref", "parents"),
    [
        ("merge", ["d" * 40, "e" * 40]),  # of the push before
        ("merge", [HEAD, "e" * 40]),  # merged the other way round
        ("merge", ["d" * 40, HEAD, "e" * 40]),
        ("merge", None),  # dropped by GitLab
        ("head", ["d" * 40, HEAD]),
        ("anything", ["d" * 40, HEAD]),
    ],
)
def test_on_gitlab_a_plan_of_another_commit_is_none_of_this_merge(
    gitlab: GitLab, gitlab_fake: GitLabFake, ref: str, parents: list[str] | None
) -> None:
    made = "c" * 40
    if parents is not None:
        gitlab_fake.parents[made] = parents
    gitlab_fake.leave(7, made, NAME, PATH, _data(PLAN), ref=ref)
    gitlab_fake.say(7, _comment(PLAN["digest"]))
    gitlab_fake.merge(7, head=HEAD, commit=COMMIT)

    assert "there is no plan" in _refused(gitlab, Exit.STALE).message


def test_on_gitlab_a_commit_without_a_merge_request_was_not_reviewed(gitlab: GitLab) -> None:
    assert "nobody reviewed" in _refused(gitlab, Exit.FAILED).message
