"""Locks and killed processes, with real processes."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.resources import Address
from reconciler.state import StateLocked, parse
from tests.state.stores import FINANCE, GITHUB, OWNER, entry, files, session, store

ROOT = Path(__file__).parents[2]


@contextmanager
def program(name: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that has said its first line; killed at the end."""
    command = [sys.executable, "-m", "tests.state.holder_program", name, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline()
            yield process
        finally:
            process.kill()


def test_a_second_process_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    with program("hold", tmp_path):
        with pytest.raises(StateLocked) as caught, session(tmp_path):
            pass
        assert caught.value.lease
        assert caught.value.lease.owner == OWNER
        assert "locked by ana@laptop:42 since" in caught.value.message


def test_state_can_be_read_while_it_is_locked(tmp_path: Path) -> None:
    with session(tmp_path) as held:
        held.put(FINANCE, entry())
    with program("hold", tmp_path):
        assert set(store(tmp_path).load().entries) == {FINANCE}


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    with program("hold", tmp_path) as process:
        process.kill()
        process.wait()
        with session(tmp_path) as held:
            held.put(GITHUB, entry("rms_1"))
    assert set(store(tmp_path).load().entries) == {GITHUB}


def test_a_second_session_of_the_same_process_is_refused(tmp_path: Path) -> None:
    with session(tmp_path), pytest.raises(StateLocked), session(tmp_path):
        pass
    assert files(tmp_path) == set()


def test_a_lock_whose_owner_wrote_nothing_down_is_still_a_lock(tmp_path: Path) -> None:
    with session(tmp_path):
        (tmp_path / "acme.json.lock-owner").write_text("half a li")
        with pytest.raises(StateLocked, match="an unknown owner"), session(tmp_path):
            pass


def test_the_file_of_a_process_killed_while_writing_always_parses(tmp_path: Path) -> None:
    path = tmp_path / "acme.json"
    chance = random.Random(7)
    owned = 0
    for _ in range(12):
        with program("write", tmp_path) as process:
            time.sleep(chance.uniform(0.0, 0.05))
            process.kill()
            process.wait()
        if path.exists():
            parse(path.read_text("utf-8"), name="acme.json")
        after = store(tmp_path).load()
        # A creation is known from its intent on, and nothing that was owned gets lost.
        assert len(after.entries) >= owned
        assert all(str(a).endswith(e.remote_id[4:]) for a, e in after.entries.items())
        owned = len(after.entries)
    assert owned > 0


def test_a_full_disk_stops_the_run_and_loses_nothing_that_was_written(tmp_path: Path) -> None:
    with program("fill", tmp_path) as process:
        process.wait()
    loaded = store(tmp_path).load()
    assert set(loaded.entries) == {Address("Space", "first")}
    with session(tmp_path) as held:
        held.put(FINANCE, entry("vlt_3"))
    assert set(store(tmp_path).load().entries) == {Address("Space", "first"), FINANCE}


def test_the_note_of_the_owner_is_gone_after_the_run(tmp_path: Path) -> None:
    note = tmp_path / "acme.json.lock-owner"
    with session(tmp_path):
        assert json.loads(note.read_text())["pid"] == 42
        assert os.path.lexists(note)
    assert not note.exists()
