"""Calls are tried again as GitHub asks for it, within bounds, and never where it could double."""

import pytest

from reconciler.forges import Deed, Draft, GitHub, Unanswered, Uncertain, upsert
from tests.parts.github_fake import Fault, GitHubFake

LIST, CREATE = "GET .*/comments", "POST .*/comments"


def _publish(github: GitHub, text: str = "text") -> Deed:
    return upsert(github.comments(7), "plan", Draft(body=text)).deed


@pytest.mark.parametrize(
    ("fault", "waited"),
    [
        (Fault(call=CREATE, status=429, headers={"retry-after": "7"}), 7.0),
        (Fault(call=CREATE, status=403, headers={"retry-after": "30"}), 30.0),
        (
            Fault(
                call=LIST,
                status=403,
                headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1042"},
            ),
            42.0,
        ),
        (
            Fault(
                call=CREATE,
                status=403,
                message="You have exceeded a secondary rate limit. Please wait",
            ),
            60.0,
        ),
        (Fault(call=LIST, status=502), 1.0),
        (Fault(call=LIST, kind="dropped"), 1.0),
    ],
    ids=["429", "403-retry-after", "primary", "secondary", "502", "hang-up"],
)
def test_it_waits_as_told_and_goes_on(
    github: GitHub, fake: GitHubFake, waits: list[float], fault: Fault, waited: float
) -> None:
    fake.faults.append(fault)

    assert _publish(github) is Deed.CREATED
    assert waits == [waited]
    assert len(fake.bodies(7)) == 1


def test_a_wait_is_said_before_it_is_taken(
    github: GitHub, fake: GitHubFake, said: list[str]
) -> None:
    fake.faults.append(Fault(call=CREATE, status=429, headers={"retry-after": "30"}))

    _publish(github)

    [line] = said
    assert line.startswith("GitHub takes no more calls for now (POST /repos/acme/tools/issues/7/")
    assert line.endswith("trying again in 30 s")


def test_a_wait_that_is_too_long_is_not_begun(
    github: GitHub, fake: GitHubFake, waits: list[float]
) -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "4600"}
    fake.faults.append(Fault(call=LIST, status=403, headers=headers))

    with pytest.raises(Unanswered, match="takes no more calls for now") as caught:
        _publish(github)
    assert "it asks to wait 3600 s" in caught.value.help[0]
    assert waits == []


def test_trouble_that_stays_is_given_up_on(
    github: GitHub, fake: GitHubFake, waits: list[float]
) -> None:
    fake.faults += [Fault(call=LIST, status=503) for _ in range(4)]

    with pytest.raises(Unanswered, match="was answered with 503"):
        _publish(github)
    assert waits == [1.0, 2.0, 4.0]


def test_a_creation_that_fails_on_the_way_twice_is_told_as_uncertain(
    github: GitHub, fake: GitHubFake
) -> None:
    fake.faults += [Fault(call=CREATE, status=502) for _ in range(2)]

    with pytest.raises(Uncertain) as caught:
        _publish(github)
    assert "look whether it happened" in caught.value.help[0]
    assert fake.calls(writes_only=True) == ["POST /repos/acme/tools/issues/7/comments"] * 2


def test_an_update_is_sent_again(github: GitHub, fake: GitHubFake) -> None:
    _publish(github, "old")
    fake.faults.append(Fault(call="PATCH .*", kind="lost"))

    assert _publish(github, "new") is Deed.UPDATED
    assert fake.bodies(7)[0].endswith("new")
