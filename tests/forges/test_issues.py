"""One open issue for each key: opened, updated, closed; none piles up."""

from reconciler.forges import Deed, Draft, GitHub, close, upsert
from tests.parts.github_fake import Fault, GitHubFake

MARK = "<!-- reconciler:drift -->"


def _publish(github: GitHub, text: str, title: str = "Drift") -> Deed:
    return upsert(github.issues(), "drift", Draft(body=text, title=title, labels=("drift",))).deed


def test_the_first_drift_opens_an_issue_with_its_labels(github: GitHub, fake: GitHubFake) -> None:
    assert _publish(github, "a was renamed") is Deed.CREATED
    [issue] = fake.open_issues()
    assert (issue["title"], issue["labels"]) == ("Drift", ["drift"])
    assert issue["body"] == f"{MARK}\na was renamed"


def test_the_next_drift_updates_it_and_leaves_labels_that_people_changed(
    github: GitHub, fake: GitHubFake
) -> None:
    _publish(github, "a was renamed")
    fake.open_issues()[0]["labels"] = ["triaged"]

    assert _publish(github, "a and b", "More drift") is Deed.UPDATED
    [issue] = fake.open_issues()
    assert (issue["title"], issue["labels"]) == ("More drift", ["triaged"])


def test_the_same_drift_writes_nothing(github: GitHub, fake: GitHubFake) -> None:
    _publish(github, "a was renamed")
    fake.requests.clear()

    assert _publish(github, "a was renamed") is Deed.UNCHANGED
    assert fake.calls(writes_only=True) == []


def test_when_the_drift_is_gone_it_is_closed_with_a_comment(
    github: GitHub, fake: GitHubFake
) -> None:
    _publish(github, "a was renamed")
    number = fake.open_issues()[0]["number"]

    assert close(github.issues(), "drift", "no drift any more").deed is Deed.CLOSED
    assert fake.open_issues() == []
    assert fake.bodies(number) == ["no drift any more"]


def test_without_an_open_issue_there_is_nothing_to_close(github: GitHub, fake: GitHubFake) -> None:
    assert close(github.issues(), "drift", "no drift").deed is Deed.ABSENT
    assert fake.calls(writes_only=True) == []


def test_an_issue_that_was_closed_stays_closed_and_new_drift_opens_another(
    github: GitHub, fake: GitHubFake
) -> None:
    _publish(github, "a")
    close(github.issues(), "drift", "gone")

    assert _publish(github, "b") is Deed.CREATED
    assert [each["state"] for each in fake.issues] == ["closed", "open"]


def test_issues_of_others_and_pull_requests_are_no_issues_of_ours(
    github: GitHub, fake: GitHubFake
) -> None:
    fake.open_issue("Drift", f"{MARK}\nhand-made", "mallory")
    fake.open_issue("Drift", f"{MARK}\na pull request", pull_request={"url": "https://x"})

    assert _publish(github, "a") is Deed.CREATED


def test_doubles_are_closed_down_to_the_oldest(github: GitHub, fake: GitHubFake) -> None:
    for text in ("first", "second"):
        fake.open_issue("Drift", f"{MARK}\n{text}")

    _publish(github, "now")

    [issue] = fake.open_issues()
    assert issue["number"] == fake.issues[0]["number"]
    assert fake.issues[1]["state_reason"] == "not_planned"


def test_it_is_closed_even_when_the_answer_to_the_comment_was_lost(
    github: GitHub, fake: GitHubFake
) -> None:
    _publish(github, "a")
    fake.faults.append(Fault(call="POST .*/comments", kind="lost"))

    close(github.issues(), "drift", "gone")

    assert fake.open_issues() == []
