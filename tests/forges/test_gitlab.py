"""GitLab: notes of merge requests and issues, by the same rules."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from reconciler.forges import Deed, Draft, GitLab, Patience, Refused, Unanswered, close, upsert
from reconciler.secrets import Secret
from tests.parts.gitlab_fake import PROJECT, TOKEN, GitLabFake
from tests.parts.scripted_http import Reply

MARK = "<!-- reconciler:plan -->"


@pytest.fixture
def fake() -> Iterator[GitLabFake]:
    with GitLabFake() as running:
        yield running


@pytest.fixture
def gitlab(fake: GitLabFake, patience: Patience) -> Iterator[GitLab]:
    with closing(_client(fake, patience, TOKEN)) as client:
        yield client


def _client(fake: GitLabFake, patience: Patience, token: str) -> GitLab:
    return GitLab(
        url=f"{fake.url}/api/v4",
        project=PROJECT,
        page="https://gitlab.example/acme",
        token=Secret(token),
        patience=patience,
    )


def _publish(gitlab: GitLab, text: str) -> Deed:
    return upsert(gitlab.comments(3), "plan", Draft(body=text)).deed


def test_a_note_is_made_then_updated_in_its_place_then_left(
    gitlab: GitLab, fake: GitLabFake
) -> None:
    deeds = [_publish(gitlab, text) for text in ("one", "two", "two")]

    assert deeds == [Deed.CREATED, Deed.UPDATED, Deed.UNCHANGED]
    assert [note["body"] for note in fake.notes[3]] == [f"{MARK}\ntwo"]


def test_notes_of_others_and_of_the_system_are_left_alone(gitlab: GitLab, fake: GitLabFake) -> None:
    fake.say(3, f"{MARK}\ntrust me", author=1)
    fake.say(3, f"{MARK}\nmentioned", system=True)

    assert _publish(gitlab, "one") is Deed.CREATED


def test_it_is_found_on_a_later_page_and_its_double_deleted(
    gitlab: GitLab, fake: GitLabFake
) -> None:
    for _ in range(150):
        fake.say(3, "talk", author=1)
    fake.say(3, f"{MARK}\nold")
    fake.say(3, f"{MARK}\ndouble")

    assert _publish(gitlab, "new") is Deed.UPDATED
    assert [n["body"] for n in fake.notes[3] if n["author"]["id"] == 42] == [f"{MARK}\nnew"]


def test_no_line_of_a_text_is_a_quick_action(gitlab: GitLab, fake: GitLabFake) -> None:
    text = "one\n/merge\n  /close\na /path and 1/2"

    assert _publish(gitlab, text) is Deed.CREATED
    assert fake.notes[3][0]["body"] == f"{MARK}\none\n\\/merge\n  \\/close\na /path and 1/2"
    assert _publish(gitlab, text) is Deed.UNCHANGED


def test_an_issue_is_opened_updated_and_closed_with_a_comment_that_says_why(
    gitlab: GitLab, fake: GitLabFake
) -> None:
    issues = gitlab.issues()
    for text in ("a", "b"):
        upsert(issues, "drift", Draft(body=text, title="Drift", labels=("drift", "mcp")))
    [issue] = fake.issues

    assert issue["description"] == "<!-- reconciler:drift -->\nb"
    assert issue["labels"] == "drift,mcp"
    assert close(issues, "drift", "there is no drift any more").deed is Deed.CLOSED
    assert issue["state"] == "closed"
    [note] = fake.issue_notes[issue["iid"]]
    assert note["body"] == "there is no drift any more"


def test_a_token_without_the_scope_is_told_what_it_takes(
    fake: GitLabFake, patience: Patience
) -> None:
    with (
        closing(_client(fake, patience, "glpat-wrong-one")) as gitlab,
        pytest.raises(Refused, match=r"\(401\): 401 Unauthorized") as caught,
    ):
        _publish(gitlab, "one")
    assert "a project access token with the scope `api`" in caught.value.help[0]
    assert "wrong-one" not in str(caught.value)


def test_it_waits_as_gitlab_asks(gitlab: GitLab, fake: GitLabFake, waits: list[float]) -> None:
    headers = {"retry-after": "9"}
    fake.on("GET", "/api/v4/user", Reply(status=429, headers=headers), Reply(json={"id": 42}))

    assert _publish(gitlab, "one") is Deed.CREATED
    assert waits == [9.0]


def test_a_reset_far_away_is_not_waited_for(gitlab: GitLab, fake: GitLabFake) -> None:
    fake.on("GET", "/api/v4/user", Reply(status=429, headers={"ratelimit-reset": "9000"}))

    with pytest.raises(Unanswered, match="takes no more calls"):
        _publish(gitlab, "one")
