"""A state that no later run could read is found out before anything is made."""

from pathlib import Path

import pytest

from reconciler.resources import Address, LiveResource
from reconciler.state import LIMIT, FileStore, State, journal_of
from reconciler.workflows import Stop
from reconciler.workflows.applying import insist_on_room
from tests.parts.values import live_space, owned, plan, server, snapshot, space, state

_MIB = 1024 * 1024


def weighing(mebibytes: int) -> State:
    """A state of that size."""
    each = {"description": "x" * _MIB}
    return state({f"MCPServer/s{n}": owned(f"rms_{n}", each) for n in range(mebibytes)})


def test_a_state_that_would_be_too_large_stops_the_apply() -> None:
    made = plan([server("big", {"description": "x" * 2 * _MIB})], snapshot())
    insist_on_room(weighing(61), made, encrypted=False)
    with pytest.raises(Stop) as stopped:
        insist_on_room(weighing(62), made, encrypted=False)
    assert "the state would be larger than 64 MiB" in stopped.value.message
    assert stopped.value.notes == ("nothing was written",)


def test_an_encrypted_state_takes_a_third_more_room() -> None:
    made = plan([space("team")], snapshot())
    insist_on_room(weighing(47), made, encrypted=True)
    with pytest.raises(Stop, match="larger than 64 MiB"):
        insist_on_room(weighing(49), made, encrypted=True)


def test_what_is_deleted_makes_room() -> None:
    known = state({"Space/old": owned("vlt_1", {"description": "x" * (LIMIT - _MIB)})})
    there: LiveResource = live_space("vlt_1", {})
    deleted = plan([], snapshot(there), known)
    grown = known.put(Address("Space", "more"), owned("vlt_2", {"description": "x" * 2 * _MIB}))
    insist_on_room(grown, deleted, encrypted=False)
    with pytest.raises(Stop):
        insist_on_room(grown, plan([], snapshot()), encrypted=False)


def test_the_journal_of_a_run_that_made_all_that_fits_is_read(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    store = FileStore(path, provider="dust", workspace_id="w1")
    begin = '{"event": "begin", "tool": "1", "at": "", "lineage": "l", "serial": 0}\n'
    done = '{"event": "done", "address": "Space/a", "operation": "make", "note": "%s"}\n'
    with journal_of(path).open("w", encoding="utf-8") as journal:
        journal.write(begin)
        for _ in range(65):
            journal.write(done % ("x" * _MIB))
    assert store.load().lineage == "l"
