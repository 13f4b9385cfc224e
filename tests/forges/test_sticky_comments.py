"""One comment for each key: found by its marker among our own, updated in place, never piled up."""

import pytest

from reconciler.forges import Deed, Draft, GitHub, Refused, marker_of, upsert
from tests.parts.github_fake import Fault, GitHubFake

MARK = "<!-- reconciler:plan -->"


def _publish(github: GitHub, text: str, *, key: str = "plan", create: bool = True) -> Deed:
    return upsert(github.comments(7), key, Draft(body=text), create=create).deed


def test_the_first_text_makes_a_comment_under_a_hidden_marker(
    github: GitHub, fake: GitHubFake
) -> None:
    assert _publish(github, "one change") is Deed.CREATED
    assert fake.bodies(7) == [f"{MARK}\none change"]


def test_the_next_text_takes_its_place(github: GitHub, fake: GitHubFake) -> None:
    _publish(github, "one change")
    fake.say(7, "looks good", "ana")

    assert _publish(github, "two changes") is Deed.UPDATED
    assert fake.bodies(7) == [f"{MARK}\ntwo changes", "looks good"]


def test_the_same_text_is_not_written_again(github: GitHub, fake: GitHubFake) -> None:
    _publish(github, "one change")
    fake.comments[7][0]["body"] = f"{MARK}\r\none change"
    fake.requests.clear()

    assert _publish(github, "one change\n") is Deed.UNCHANGED
    assert fake.calls(writes_only=True) == []


def test_each_key_has_a_comment_of_its_own(github: GitHub, fake: GitHubFake) -> None:
    _publish(github, "a", key="plan/acme")
    _publish(github, "b", key="plan/acme-2")

    assert _publish(github, "c", key="plan/acme") is Deed.UPDATED
    assert [body.splitlines()[1] for body in fake.bodies(7)] == ["c", "b"]


def test_a_comment_of_somebody_else_with_our_marker_is_left_alone(
    github: GitHub, fake: GitHubFake
) -> None:
    fake.say(7, f"{MARK}\ntrust me", "mallory")

    assert _publish(github, "one change") is Deed.CREATED
    assert fake.bodies(7) == [f"{MARK}\ntrust me", f"{MARK}\none change"]


def test_a_comment_of_ours_that_quotes_the_marker_is_left_alone(
    github: GitHub, fake: GitHubFake
) -> None:
    fake.say(7, f"somebody wrote:\n> {MARK}\n{MARK}")

    assert _publish(github, "one change") is Deed.CREATED


def test_it_is_found_on_a_later_page(github: GitHub, fake: GitHubFake) -> None:
    for number in range(250):
        fake.say(7, f"comment {number}", "ana")
    fake.say(7, f"{MARK}\nold")

    assert _publish(github, "new") is Deed.UPDATED
    assert not [each for each in fake.requests if each.server == "storage"], "a link was followed"


def test_doubles_are_deleted_down_to_the_oldest(github: GitHub, fake: GitHubFake) -> None:
    for text in ("first", "second", "third"):
        fake.say(7, f"{MARK}\n{text}")
    first = fake.comments[7][0]["id"]

    assert _publish(github, "now") is Deed.UPDATED
    assert fake.bodies(7) == [f"{MARK}\nnow"]
    assert fake.comments[7][0]["id"] == first


def test_a_race_of_two_runs_ends_with_one_comment(github: GitHub, fake: GitHubFake) -> None:
    def other_run() -> None:
        fake.meanwhile = lambda: None
        fake.say(7, f"{MARK}\nthe other run's")

    fake.meanwhile = other_run

    assert _publish(github, "ours") is Deed.CREATED
    assert fake.bodies(7) == [f"{MARK}\nours"]


def test_a_creation_whose_answer_was_lost_is_looked_up_and_not_made_twice(
    github: GitHub, fake: GitHubFake
) -> None:
    fake.faults.append(Fault(call="POST .*/comments", kind="lost"))

    assert _publish(github, "one change") is Deed.UNCHANGED
    assert fake.bodies(7) == [f"{MARK}\none change"]


def test_without_a_comment_there_none_is_made_when_only_updates_are_wanted(
    github: GitHub, fake: GitHubFake
) -> None:
    assert _publish(github, "nothing to do", create=False) is Deed.ABSENT
    assert fake.bodies(7) == []

    _publish(github, "one change")

    assert _publish(github, "nothing to do", create=False) is Deed.UPDATED


@pytest.mark.parametrize("text", ["x" * 65_536, "🙂" * 33_000], ids=["letters", "emoji"])
def test_a_text_over_the_limit_is_refused_before_any_call(
    github: GitHub, fake: GitHubFake, text: str
) -> None:
    with pytest.raises(Refused, match=r"the text is too long: .* 65,536 are the most"):
        _publish(github, text)
    assert fake.requests == []


@pytest.mark.parametrize("key", ["", "a b", "a-->b", "a--b", "<b>", "a\nb", "x" * 101])
def test_a_key_that_could_end_its_marker_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="expected letters"):
        marker_of(key)
