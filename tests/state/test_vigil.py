"""Whose a lock is by now, by one clock that goes on in sleep; nothing here waits."""

import math
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.state import Lease, Owner, StateLocked, StateLost, StateUnreachable
from reconciler.state.heartbeat import LEASE
from reconciler.state.vigil import Sighting, Vigil, uptime
from tests.state.stores import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

LOST = StateLost("acme", None)
DAY = timedelta(days=1)


class Store:
    """A store that says whose the lock is, and counts how often it was asked."""

    def __init__(self, clock: Clock) -> None:
        self.looks = self.renewals = 0
        self.taken = False
        self.answering: Callable[[], object] = lambda: None
        self.vigil = Vigil("acme", look=self._look, renew=self._renew, lease=LEASE, clock=clock)

    def _look(self) -> None:
        self.looks += 1
        self._answer()

    def _renew(self) -> None:
        self.renewals += 1
        self._answer()

    def _answer(self) -> None:
        self.answering()
        if self.taken:
            raise LOST


@pytest.mark.skipif(sys.platform != "linux", reason="CLOCK_BOOTTIME is Linux's")
def test_the_clock_goes_on_while_the_machine_sleeps() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= uptime() <= time.clock_gettime(time.CLOCK_BOOTTIME)


def test_calls_in_quick_succession_ask_the_store_once(clock: Clock) -> None:
    store = Store(clock)
    clock.pass_(1)
    for _ in range(20):
        store.vigil.check()
        clock.pass_(0.009)
    assert (store.looks, store.renewals) == (1, 0)


@pytest.mark.parametrize("slept", [1, 5, 44, 46, 90, 3600])
def test_after_a_sleep_of_any_length_the_store_is_asked(clock: Clock, slept: float) -> None:
    store = Store(clock)
    store.taken = True
    clock.pass_(slept)
    with pytest.raises(StateLost):
        store.vigil.check()
    assert store.looks == 1


def test_a_sleep_of_half_a_lease_is_followed_by_a_sign_of_life(clock: Clock) -> None:
    store = Store(clock)
    clock.pass_(44)
    store.vigil.check()
    assert store.renewals == 0
    clock.pass_(1)
    store.vigil.check()
    assert store.renewals == 1


def test_what_the_heartbeat_found_out_holds_without_another_look(clock: Clock) -> None:
    store = Store(clock)
    store.taken = True
    with pytest.raises(StateLost):
        store.vigil.renew()
    for _ in range(2):
        with pytest.raises(StateLost):
            store.vigil.check()
    assert store.looks == 0


def test_a_lock_that_was_lost_is_lost_for_good(clock: Clock) -> None:
    store = Store(clock)
    store.taken = True
    clock.pass_(2)
    with pytest.raises(StateLost):
        store.vigil.check()
    store.taken = False
    clock.pass_(2)
    with pytest.raises(StateLost):
        store.vigil.check()


def test_an_answer_from_before_a_sleep_is_not_believed(clock: Clock) -> None:
    """The process is stopped after the store answered, and before it hears that."""
    store = Store(clock)

    def stopped() -> None:
        store.answering = lambda: None
        clock.pass_(60)

    store.answering = stopped
    clock.pass_(2)
    store.vigil.check()
    assert store.looks == 2


def test_a_store_that_is_always_too_slow_permits_nothing(clock: Clock) -> None:
    store = Store(clock)
    store.answering = lambda: clock.pass_(10)
    clock.pass_(2)
    with pytest.raises(StateUnreachable, match="nobody can tell whose the lock is"):
        store.vigil.check()


def test_a_store_that_can_not_be_asked_permits_nothing_and_is_asked_again(clock: Clock) -> None:
    store = Store(clock)

    def down() -> None:
        store.answering = lambda: None
        raise StateUnreachable("acme", "it is down")

    store.answering = down
    clock.pass_(2)
    with pytest.raises(StateUnreachable):
        store.vigil.check()
    store.vigil.check()
    assert store.looks == 2


def lease(*, ago: timedelta = timedelta(), length: timedelta = LEASE) -> Lease:
    """A lease of Ben's that was renewed so long ago, if his clock is right."""
    renewed = datetime.now(UTC) - ago
    return Lease(
        id="bens",
        owner=Owner(user="ben", host="runner-7", pid=99),
        machine="another kernel",
        since=renewed,
        renewed=renewed,
        length=length,
    )


def watch_of(sighting: Sighting, seen: Lease) -> float | None:
    """For how many more seconds it is to be watched unasked; infinite once it is over."""
    try:
        sighting.insist_on_end("acme", seen)
    except StateLocked as locked:
        return None if locked.watch is None else locked.watch.total_seconds()
    return math.inf


@pytest.mark.parametrize("ago", [timedelta(), timedelta(minutes=5), DAY, -DAY, -timedelta(hours=1)])
def test_whatever_its_clock_says_a_lease_is_over_when_it_was_seen_unchanged_for_its_length(
    clock: Clock, ago: timedelta
) -> None:
    sighting, left_behind = Sighting(clock), lease(ago=ago)
    assert watch_of(sighting, left_behind) != math.inf
    clock.pass_(89)
    assert watch_of(sighting, left_behind) != math.inf
    clock.pass_(1)
    assert watch_of(sighting, left_behind) == math.inf


@pytest.mark.parametrize("ago", [timedelta(minutes=5), DAY, -DAY])
def test_a_run_that_lives_by_a_clock_that_is_wrong_keeps_its_lock(
    clock: Clock, ago: timedelta
) -> None:
    sighting, first = Sighting(clock), lease(ago=ago)
    assert watch_of(sighting, first) == 90
    for number in range(1, 20):
        clock.pass_(22.5)
        beat = first.at(first.renewed + number * timedelta(seconds=22.5))
        assert watch_of(sighting, beat) is None, "it was seen to live"


def test_a_lease_that_looks_alive_is_not_waited_for_unasked(clock: Clock) -> None:
    assert watch_of(Sighting(clock), lease(ago=timedelta(seconds=80))) is None


def test_a_lease_that_is_longer_than_anybody_would_wait_is_not_watched_unasked(
    clock: Clock,
) -> None:
    endless = lease(ago=1000 * DAY, length=365 * DAY)
    assert watch_of(Sighting(clock), endless) is None


def test_another_run_that_came_first_is_watched_from_then_on(clock: Clock) -> None:
    sighting, left_behind = Sighting(clock), lease(ago=DAY)
    watch_of(sighting, left_behind)
    clock.pass_(89)
    assert watch_of(sighting, replace(left_behind, id="evas")) == 90
