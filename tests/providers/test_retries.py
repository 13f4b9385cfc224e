"""How long to wait before a call is repeated."""

from email.utils import formatdate

import pytest

from reconciler.providers.dust.retries import Backoff

FULL = Backoff(first=1.0, most=8.0, told_most=60.0, jitter=lambda limit: limit)


def test_the_limit_of_the_jitter_doubles_up_to_the_most() -> None:
    assert [FULL.pause(attempt, None) for attempt in (1, 2, 3, 4, 5)] == [1, 2, 4, 8, 8]


def test_the_jitter_is_full() -> None:
    assert Backoff(first=1.0, jitter=lambda _limit: 0.0).pause(3, None) == 0


def test_the_seconds_of_retry_after_are_waited() -> None:
    assert FULL.pause(1, "7") == 7


def test_retry_after_is_capped() -> None:
    assert FULL.pause(1, "99999999999999") == 60


def test_retry_after_may_be_a_date() -> None:
    waits = Backoff(clock=lambda: 1_790_000_000.0)
    assert waits.pause(1, formatdate(1_790_000_012, usegmt=True)) == 12


def test_a_date_in_the_past_means_now() -> None:
    waits = Backoff(clock=lambda: 1_790_000_000.0)
    assert waits.pause(1, formatdate(1_700_000_000, usegmt=True)) == 0


@pytest.mark.parametrize("told", ["", "soon", "-3", "1.5", "Mon, 99 Foo"])
def test_an_unreadable_retry_after_is_ignored(told: str) -> None:
    assert FULL.pause(2, told) == 2


def test_the_usual_jitter_stays_inside_the_limit() -> None:
    pauses = [Backoff(first=1.0).pause(1, None) for _ in range(100)]
    assert all(0 <= pause <= 1 for pause in pauses)
    assert len(set(pauses)) > 1
