"""One contract for every place that a state can be in: files, databases, buckets, state servers."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.resources import Address
from reconciler.state import (
    Lease,
    Owner,
    State,
    StateForeign,
    StateLocked,
    StateLost,
    StateMoved,
    accept,
)
from tests.state.places import SHARED, Place
from tests.state.stores import CONSENT, FINANCE, GITHUB, OWNER, Clock, entry, intent

ROOT = Path(__file__).parents[2]
BEN = Owner(user="ben", host="runner-7", pid=43)


@contextmanager
def holder(place: Place) -> Iterator["subprocess.Popen[str]"]:
    """A process that has the state, and has written an intent down; killed at the end."""
    command = [sys.executable, "-m", "tests.state.shared_program", "hold", place.text]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().startswith("ben@runner-7:")
            yield process
        finally:
            process.kill()


def test_there_is_nothing_at_first(place: Place) -> None:
    state = place.store().load()
    assert (state.serial, dict(state.entries)) == (0, {})


def test_what_a_session_wrote_is_there_for_the_next(place: Place) -> None:
    store = place.store()
    with store.session(owner=OWNER, tool="1.0") as held:
        held.put(FINANCE, entry("vlt_1", displayName="Finance"))
        held.intend(intent())
        held.ask(GITHUB, CONSENT)
    with place.store().session(owner=OWNER, tool="1.0") as again:
        assert again.state == held.state
        assert again.inherited is None
        assert again.state.entries[FINANCE].remote_id == "vlt_1"
        assert [each.address for each in again.state.unfinished] == [GITHUB]
        assert again.state.consents[GITHUB] == CONSENT


def test_each_session_that_changes_something_moves_the_serial_on(place: Place) -> None:
    serials = []
    for number in range(3):
        with place.store().session(owner=OWNER, tool="1.0") as held:
            held.put(FINANCE, entry(f"vlt_{number}"))
        serials.append(place.store().load().serial)
    assert serials == sorted(set(serials))
    with place.store().session(owner=OWNER, tool="1.0") as held:
        held.put(FINANCE, entry("vlt_2"))
    assert place.store().load().serial == serials[-1], "nothing changed"


def test_what_is_intended_and_owned_is_durable_before_the_run_ends(place: Place) -> None:
    with place.store().session(owner=OWNER, tool="1.0") as held:
        held.intend(intent())
        assert [each.address for each in place.store().load().unfinished] == [GITHUB]
        held.put(GITHUB, entry("rms_1"))
        assert place.store().load().entries[GITHUB].remote_id == "rms_1"
        held.settle(GITHUB, "create", "done")
    assert place.store().load().unfinished == ()


def test_many_threads_write_at_once_and_nothing_is_lost(place: Place) -> None:
    addresses = [Address("MCPServer", f"s{number}") for number in range(12)]

    def create(address: Address) -> None:
        held.intend(intent(address.name))
        held.put(address, entry(f"rms_{address.name}"))
        held.settle(address, "create", "done")
        assert address in place.store().load().entries

    with place.store().session(owner=OWNER, tool="1.0") as held, ThreadPoolExecutor(6) as pool:
        list(pool.map(create, addresses))
    state = place.store().load()
    assert sorted(state.entries) == sorted(addresses)
    assert state.unfinished == ()


def test_a_second_session_is_told_who_has_the_state(place: Place) -> None:
    with place.store().session(owner=OWNER, tool="1.0"):
        with (
            pytest.raises(StateLocked, match="locked by ana@laptop:42 since") as caught,
            place.store().session(owner=OWNER, tool="1.0"),
        ):
            pass
        assert caught.value.lease
        assert caught.value.lease.owner == OWNER
        place.store().load()
    with place.store().session(owner=OWNER, tool="1.0"):
        pass


def test_a_session_that_failed_gives_the_state_back_with_what_it_did(place: Place) -> None:
    def run() -> None:
        with place.store().session(owner=OWNER, tool="1.0") as held:
            held.put(FINANCE, entry())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run()
    with place.store().session(owner=OWNER, tool="1.0") as again:
        assert again.state.entries.keys() == {FINANCE}


def test_what_a_killed_run_intended_is_there_for_the_next(place: Place) -> None:
    with holder(place) as process:
        name = f"ben@runner-7:{process.pid}"
        process.kill()
        process.wait()
    if place.lingers:
        with (
            pytest.raises(StateLocked, match=name),
            place.store().session(owner=OWNER, tool="1.0"),
        ):
            pass
        lease = place.store().unlock(name)
        assert lease
        assert lease.owner.name == name
    with place.store().session(owner=OWNER, tool="1.0") as held:
        assert held.state.entries.keys() == {FINANCE}
        assert [each.address for each in held.state.unfinished] == [GITHUB]
        held.put(GITHUB, entry("rms_1"))
    assert place.store().load().entries.keys() == {FINANCE, GITHUB}


@pytest.mark.places("postgres", "s3", "azure", "gcs", "gitlab", "lock methods")
def test_a_live_run_that_was_unlocked_writes_nothing_more(place: Place) -> None:
    def run() -> None:
        with place.store().session(owner=OWNER, tool="1.0") as held:
            held.put(FINANCE, entry())
            assert place.store().unlock(OWNER.name)
            with place.store().session(owner=BEN, tool="1.0") as other:
                with pytest.raises(StateLost):
                    held.intend(intent())
                with pytest.raises(StateLost):
                    held.check()
                other.put(GITHUB, entry("rms_1"))
            held.put(FINANCE, entry("vlt_9"))

    with pytest.raises(StateLost):
        run()
    state = place.store().load()
    assert state.unfinished == ()
    assert {a: e.remote_id for a, e in state.entries.items()} == {FINANCE: "vlt_1", GITHUB: "rms_1"}


def test_a_run_that_has_the_lock_is_told_so_whenever_it_asks(place: Place, clock: Clock) -> None:
    with place.store(clock=clock).session(owner=OWNER, tool="1.0") as held:
        for _ in range(3):
            held.check()
            clock.pass_(60)
        held.put(FINANCE, entry())


@pytest.mark.places("postgres", "s3", "azure", "gcs", "gitlab", "lock methods")
@pytest.mark.parametrize("seconds", [2, 60], ids=["for a moment", "past its lease"])
def test_a_run_that_slept_while_another_came_and_went_is_told_when_it_asks(
    place: Place, clock: Clock, seconds: float
) -> None:
    def run() -> None:
        with place.store(clock=clock).session(owner=OWNER, tool="1.0") as held:
            held.check()
            assert place.store().unlock(OWNER.name)
            with place.store().session(owner=BEN, tool="1.0"):
                pass
            clock.pass_(seconds)
            with pytest.raises(StateLost):
                held.check()

    with suppress(StateLost):  # some tell it once more at the end
        run()
    with place.store().session(owner=BEN, tool="1.0"):
        pass


def test_unlocking_takes_the_right_name(place: Place) -> None:
    assert place.store().unlock("ana@laptop:42") is None
    with holder(place) as process:
        with pytest.raises(StateLocked, match=r"by ben@runner-7:[0-9]+"):
            place.store().unlock("ben@runner-7:0")
        with pytest.raises(StateLocked), place.store().session(owner=OWNER, tool="1.0"):
            pass
        process.kill()
        process.wait()


@pytest.mark.places("s3", "azure", "gcs")
def test_a_lease_that_nobody_renewed_is_inherited(place: Place, clock: Clock) -> None:
    with holder(place) as process:
        process.kill()
        process.wait()
    waiting = place.store(clock=clock)
    with pytest.raises(StateLocked), waiting.session(owner=OWNER, tool="1.0"):
        pass
    clock.pass_(89)
    with pytest.raises(StateLocked), waiting.session(owner=OWNER, tool="1.0"):
        pass
    clock.pass_(1)
    with waiting.session(owner=OWNER, tool="1.0") as held:
        assert held.inherited
        assert held.inherited.owner.pid == process.pid
        assert [each.address for each in held.state.unfinished] == [GITHUB]


@pytest.mark.places("postgres", "s3", "azure", "gcs")
def test_a_run_that_lives_renews_its_lease(place: Place) -> None:
    def lease() -> Lease:
        with pytest.raises(StateLocked) as caught:
            short.store().session(owner=BEN, tool="1.0").__enter__()
        assert caught.value.lease
        return caught.value.lease

    short = replace(place, lease=4.0)
    with short.store().session(owner=OWNER, tool="1.0") as held:
        first, end = lease(), time.monotonic() + 60
        while lease().renewed == first.renewed:
            assert time.monotonic() < end
            threading.Event().wait(0.05)
        held.put(FINANCE, entry())
    assert place.store().load().entries.keys() == {FINANCE}


@pytest.mark.places("postgres", "s3", "azure", "gitlab")
def test_many_processes_at_once_take_turns_and_each_ones_work_is_kept(place: Place) -> None:
    command = [sys.executable, "-m", "tests.state.shared_program", "contend", place.text]
    running = [
        subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    ended = [(process.communicate(timeout=150)[1], process.returncode) for process in running]
    assert [err for err, code in ended if code] == []
    assert len(place.store().load().entries) == 3 * 7


def test_another_workspace_finds_a_state_that_is_not_its_own(place: Place) -> None:
    with place.store().session(owner=OWNER, tool="1.0") as held:
        held.put(FINANCE, entry())
    with pytest.raises(
        StateForeign, match="belongs to workspace dust/w1, the manifests to dust/w2"
    ):
        place.store(workspace="w2").load()


def test_a_state_that_moved_says_where_it_is(place: Place) -> None:
    with place.store().session(owner=OWNER, tool="1.0") as held:
        held.put(FINANCE, entry())
    received: list[State] = []
    place.store().move_out("s3://elsewhere/acme.json", received.append, owner=OWNER)
    assert received[0].entries.keys() == {FINANCE}
    with pytest.raises(StateMoved, match=r"was moved to s3://elsewhere/acme\.json"):
        place.store().load()
    with pytest.raises(StateMoved), place.store().session(owner=OWNER, tool="1.0"):
        pass


def test_a_state_that_its_new_place_did_not_take_stays(place: Place) -> None:
    with place.store().session(owner=OWNER, tool="1.0") as held:
        held.put(FINANCE, entry())

    def refuse(_state: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        place.store().move_out("elsewhere", refuse, owner=OWNER)
    assert place.store().load().entries.keys() == {FINANCE}


def test_nothing_is_accepted_that_is_as_it_was_left(place: Place) -> None:
    with place.store().session(owner=OWNER, tool="1.0") as held:
        held.put(FINANCE, entry())
    assert accept(place.store(), seen=place.store().load(sealed=False), owner=OWNER) is None


@pytest.mark.places(*SHARED)
def test_what_is_kept_beside_a_state_has_a_lock_and_versions_of_its_own(place: Place) -> None:
    beside = place.shelf().beside("session")
    with place.store().session(owner=OWNER, tool="1.0"), beside.hold(OWNER) as held:
        found = held.read()
        assert found.text is None
        version = held.write('{"serial": 1}', serial=1, expected=found.version)
        held.write('{"serial": 2}', serial=2, expected=version)
        with pytest.raises(StateLocked), beside.hold(OWNER):
            pass
    assert beside.read().text == '{"serial": 2}'
    assert place.store().load().serial == 0


@pytest.mark.places("sealed file", "postgres", "s3", "azure", "gcs")
def test_a_write_over_what_somebody_else_wrote_is_refused(place: Place) -> None:
    with place.shelf().hold(OWNER) as held:
        first = held.read().version
        held.write('{"serial": 1}', serial=1, expected=first)
        with pytest.raises(StateLost):
            held.write('{"serial": 2}', serial=2, expected=first)
    assert place.shelf().read().text == '{"serial": 1}'
