"""Leases: who has the state, how long one who was not heard of is believed, and who lost it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.state import (
    FileStore,
    Lease,
    Owner,
    StateError,
    StateLocked,
    StateLost,
    StateUnwritable,
    lease_json,
)
from tests.state.stores import (
    FINANCE,
    GITHUB,
    OWNER,
    Clock,
    entry,
    files,
    intent,
    session,
    store,
)

BEN = Owner(user="ben", host="runner-7", pid=99, job="https://ci.example/runs/5")


def note(folder: Path) -> Path:
    """Where the lease is written down."""
    return folder / "acme.json.lock-owner"


def write_lease(
    folder: Path, *, machine: str = "another kernel", seen: timedelta = timedelta()
) -> Lease:
    """A lease of Ben's, last renewed `seen` ago."""
    now = datetime.now(UTC)
    lease = Lease(
        id="bens",
        owner=BEN,
        machine=machine,
        since=now - timedelta(minutes=5),
        renewed=now - seen,
        length=timedelta(seconds=90),
    )
    note(folder).write_text(json.dumps(lease_json(lease)), "utf-8")
    return lease


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.01)


@contextmanager
def ending(kind: type[StateError]) -> Iterator[list[StateError]]:
    """A session that ends with a failure, whatever its last step is."""
    caught: list[StateError] = []
    try:
        yield caught
    except kind as error:
        caught.append(error)
    assert caught, f"expected {kind.__name__}"


def test_a_run_on_another_machine_is_believed_while_its_lease_lasts(tmp_path: Path) -> None:
    write_lease(tmp_path)
    with pytest.raises(StateLocked) as caught, session(tmp_path):
        pass
    assert "locked by ben@runner-7:99 since" in caught.value.message
    assert "https://ci.example/runs/5" in caught.value.message
    help_ = " ".join(caught.value.help)
    assert "taken over once it was seen without one for 90 seconds" in help_
    assert "reconciler unlock ben@runner-7:99" in help_
    assert json.loads(note(tmp_path).read_text())["id"] == "bens", "its lease is left alone"


@pytest.mark.parametrize(
    "seen", [timedelta(), timedelta(seconds=91), timedelta(days=-1)], ids=["now", "late", "ahead"]
)
def test_a_lease_that_nobody_renewed_is_inherited(
    tmp_path: Path, clock: Clock, seen: timedelta
) -> None:
    write_lease(tmp_path, seen=seen)
    there = store(tmp_path, clock=clock)
    with pytest.raises(StateLocked), there.session(owner=OWNER, tool="1.0"):
        pass
    clock.pass_(90)
    with there.session(owner=OWNER, tool="1.0") as held:
        assert held.inherited
        assert held.inherited.owner == BEN
        held.put(FINANCE, entry())
    assert files(tmp_path) == {"acme.json"}


def test_a_lease_that_is_renewed_by_a_clock_that_is_late_is_believed(
    tmp_path: Path, clock: Clock
) -> None:
    there = store(tmp_path, clock=clock)
    for number in range(6):
        write_lease(tmp_path, seen=timedelta(minutes=5, seconds=-number))
        with pytest.raises(StateLocked) as caught, there.session(owner=OWNER, tool="1.0"):
            pass
        assert (caught.value.watch is not None) == (number == 0), "then it was seen to live"
        clock.pass_(60)


def test_a_lease_of_this_machine_without_its_process_counts_for_nothing(tmp_path: Path) -> None:
    with session(tmp_path):
        machine = json.loads(note(tmp_path).read_text())["machine"]
    write_lease(tmp_path, machine=machine)
    with session(tmp_path) as held:
        assert held.inherited
        assert json.loads(note(tmp_path).read_text())["owner"] == OWNER.name


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": 1}', "\x00", "[" * 100_000])
def test_a_note_that_says_nothing_locks_nobody_out(tmp_path: Path, text: str) -> None:
    note(tmp_path).write_text(text, "utf-8")
    with session(tmp_path) as held:
        assert held.inherited is None


def test_a_run_shows_signs_of_life_while_it_waits(tmp_path: Path) -> None:
    short = FileStore(
        tmp_path / "acme.json",
        provider="dust",
        workspace_id="w1",
        lease=timedelta(seconds=0.4),
    )

    def renewed() -> str:
        return str(json.loads(note(tmp_path).read_text())["renewed"])

    with short.session(owner=OWNER, tool="1.0"):
        first = renewed()
        until(lambda: renewed() > first)
        second = renewed()
        until(lambda: renewed() > second)


@pytest.mark.parametrize("taken", [True, False], ids=["by another run", "by unlock"])
def test_a_run_whose_lock_was_taken_away_writes_nothing_more(tmp_path: Path, taken: bool) -> None:
    with session(tmp_path) as held:
        held.put(FINANCE, entry())
    before = (tmp_path / "acme.json").read_bytes()
    with ending(StateLost) as caught, session(tmp_path) as held:
        held.intend(intent())
        if taken:
            write_lease(tmp_path)
        else:
            note(tmp_path).unlink()
        journal = (tmp_path / "acme.json.journal").read_bytes()
        with pytest.raises(StateLost):
            held.put(GITHUB, entry("rms_1"))
        with pytest.raises(StateLost):
            held.intend(intent("jira"))
        with pytest.raises(StateLost):
            held.check()
        held.flush()
    words = "locked by ben@runner-7:99" if taken else "somebody unlocked it"
    assert words in caught[0].message
    assert (tmp_path / "acme.json").read_bytes() == before
    assert (tmp_path / "acme.json.journal").read_bytes() == journal, "left for whoever is next"
    assert note(tmp_path).exists() == taken, "the other's lease stays"


def test_what_a_run_without_its_lock_left_behind_is_taken_up_by_the_next(tmp_path: Path) -> None:
    with ending(StateLost), session(tmp_path) as held:
        held.intend(intent())
        note(tmp_path).unlink()
        held.settle(GITHUB, "create", "done")
    assert [each.address for each in store(tmp_path).load().unfinished] == [GITHUB]


def test_unlocking_takes_the_right_name(tmp_path: Path) -> None:
    write_lease(tmp_path)
    with pytest.raises(StateLocked, match=r"by ben@runner-7:99 .*, not by ben@runner-7:98"):
        store(tmp_path).unlock("ben@runner-7:98")
    gone = store(tmp_path).unlock("ben@runner-7:99")
    assert gone
    assert gone.owner == BEN
    assert store(tmp_path).unlock("ben@runner-7:99") is None
    with session(tmp_path) as held:
        assert held.inherited is None


def test_a_run_that_lives_here_is_not_unlocked(tmp_path: Path) -> None:
    with session(tmp_path):
        with pytest.raises(StateLocked):
            store(tmp_path).unlock(OWNER.name)
        assert note(tmp_path).exists()


def test_nothing_is_made_to_unlock_what_was_never_locked(tmp_path: Path) -> None:
    folder = tmp_path / "nowhere"
    assert FileStore(folder / "s.json", provider="d", workspace_id="w").unlock("a@b:1") is None
    assert not folder.exists()


def test_what_killed_runs_left_half_written_is_swept_away(tmp_path: Path) -> None:
    for name in (
        ".acme.json.a1b2c3_4.tmp",
        ".acme.json.lock-owner.a1b2c3_4.tmp",
        ".acme.json.session.a1b2c3_4.tmp",
        ".acme.json.session.lock-owner.a1b2c3_4.tmp",
        ".other.json.a1b2c3_4.tmp",
    ):
        (tmp_path / name).write_text("half a li", "utf-8")
    with session(tmp_path):
        pass
    assert files(tmp_path) == {
        ".acme.json.session.a1b2c3_4.tmp",
        ".acme.json.session.lock-owner.a1b2c3_4.tmp",
        ".other.json.a1b2c3_4.tmp",
    }


def test_a_lease_that_can_not_be_removed_is_unwritable(tmp_path: Path) -> None:
    note(tmp_path).mkdir()
    with pytest.raises(StateUnwritable):
        store(tmp_path).unlock("ana@laptop:42")
