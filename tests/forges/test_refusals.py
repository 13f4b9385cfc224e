"""A refusal says which permission is missing, and the token goes to the API and nowhere else."""

from contextlib import closing

import pytest

from reconciler.forges import Draft, ForgeError, GitHub, Patience, Refused, Unanswered, upsert
from reconciler.secrets import Secret
from tests.parts.github_fake import REPOSITORY, TOKEN, Fault, GitHubFake
from tests.parts.scripted_http import Reply, ScriptedHttp

LIST = "GET .*/comments"


def _publish(github: GitHub) -> None:
    upsert(github.comments(7), "plan", Draft(body="text"))


def test_a_missing_permission_is_named_with_what_github_would_take(
    github: GitHub, fake: GitHubFake
) -> None:
    fake.permissions = frozenset()

    with pytest.raises(Refused, match=r"\(403\): Resource not accessible") as caught:
        _publish(github)
    assert caught.value.help == (
        "give the job the permission `pull-requests: write` (GitHub takes: pull_requests=write)",
        "a pull request from a fork has a token that can only read",
    )


def test_issues_take_another_permission(github: GitHub, fake: GitHubFake) -> None:
    fake.permissions = frozenset({"pull-requests: write"})

    with pytest.raises(Refused) as caught:
        upsert(github.issues(), "drift", Draft(body="text", title="Drift"))
    assert "`issues: write`" in caught.value.help[0]


def test_a_repository_that_the_token_cannot_see_is_told_as_a_permission(
    fake: GitHubFake, patience: Patience
) -> None:
    other = GitHub(url=fake.url, repository="acme/other", token=Secret(TOKEN), patience=patience)

    with closing(other), pytest.raises(Refused, match=r"\(404\)"):
        _publish(other)


def test_a_token_that_counts_for_nothing_is_told_and_not_shown(
    fake: GitHubFake, patience: Patience
) -> None:
    stale = Secret("ghs_stale-token")
    github = GitHub(url=fake.url, repository=REPOSITORY, token=stale, patience=patience)

    with (
        closing(github),
        pytest.raises(Refused, match="doesn't take the token: Bad credentials") as caught,
    ):
        _publish(github)
    assert "stale-token" not in str(caught.value) + repr(vars(github))


@pytest.mark.parametrize("url", ["http://github.example/api/v3", "ftp://x", "github.example", ""])
def test_an_address_that_is_not_https_gets_no_token(url: str) -> None:
    with pytest.raises(Refused, match="isn't an https address"):
        GitHub(url=url, repository=REPOSITORY, token=Secret(TOKEN))


@pytest.mark.parametrize("repository", ["acme", "acme/tools/x", "acme/../x", "a b/c", "acme/t?x=1"])
def test_what_is_no_repository_is_refused(repository: str) -> None:
    with pytest.raises(Refused, match="expected owner/name"):
        GitHub(url="https://api.github.com", repository=repository, token=Secret(TOKEN))


def test_a_redirect_is_not_followed(github: GitHub, fake: GitHubFake) -> None:
    where = {"location": f"{fake.storage}/elsewhere"}
    fake.faults.append(Fault(call=LIST, status=301, headers=where, message="Moved Permanently"))

    with pytest.raises(Refused, match="with 301"):
        _publish(github)
    assert {each.server for each in fake.requests} == {"api"}


def test_an_answer_that_is_no_list_is_told(github: GitHub, fake: GitHubFake) -> None:
    fake.faults.append(Fault(call=LIST, status=200, message="hello"))

    with pytest.raises(Unanswered, match="what this version doesn't know"):
        _publish(github)


def test_a_host_that_is_not_there_is_told(patience: Patience) -> None:
    gone = GitHub(
        url="http://127.0.0.1:9", repository=REPOSITORY, token=Secret(TOKEN), patience=patience
    )

    with closing(gone), pytest.raises(ForgeError, match=r"127\.0\.0\.1 can't be reached"):
        _publish(gone)


def test_enterprise_server_has_graphql_beside_rest(patience: Patience) -> None:
    rest = f"/api/v3/repos/{REPOSITORY}/issues/7/comments"
    with ScriptedHttp() as server:
        url = f"{server.url}/api/v3"
        server.on("POST", "/api/graphql", Reply(json={"data": {"viewer": {"login": "bot"}}}))
        server.on("GET", rest, Reply(json=[]))
        made = GitHub(url=url, repository=REPOSITORY, token=Secret(TOKEN), patience=patience)
        with closing(made) as github:
            assert github.comments(7).ours("<!-- x -->") == []
        assert server.calls() == ["POST /api/graphql", f"GET {rest}"]
