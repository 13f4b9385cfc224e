"""Sessions: what is written, when, and what is not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.resources import Address
from reconciler.state import StateForeign, StateUnreadable, StateUnwritable, write_atomically
from tests.state.stores import FINANCE, GITHUB, crash, entry, files, intent, session, store


def test_without_a_file_the_state_is_empty(tmp_path: Path) -> None:
    loaded = store(tmp_path).load()
    assert (loaded.entries, loaded.serial, loaded.workspace_id) == ({}, 0, "w1")


def test_loading_writes_nothing(tmp_path: Path) -> None:
    store(tmp_path).load()
    assert files(tmp_path) == set()


def test_a_session_that_changes_nothing_writes_nothing(tmp_path: Path) -> None:
    with session(tmp_path) as held:
        held.put(FINANCE, entry())
    before = (tmp_path / "acme.json").stat()
    with session(tmp_path) as held:
        held.put(FINANCE, entry())
        held.drop(GITHUB)
    after = (tmp_path / "acme.json").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    assert files(tmp_path) == {"acme.json"}


def test_a_first_session_that_changes_nothing_leaves_no_file(tmp_path: Path) -> None:
    with session(tmp_path):
        pass
    assert files(tmp_path) == set()


def test_what_one_session_puts_the_next_one_finds(tmp_path: Path) -> None:
    with session(tmp_path) as held:
        held.put(FINANCE, entry())
        held.put(GITHUB, entry("rms_1"))
    with session(tmp_path) as held:
        assert set(held.state.entries) == {FINANCE, GITHUB}
        held.drop(FINANCE)
    assert set(store(tmp_path).load().entries) == {GITHUB}


def test_the_serial_grows_and_the_lineage_stays(tmp_path: Path) -> None:
    with session(tmp_path) as held:
        held.put(FINANCE, entry())
    first = store(tmp_path).load()
    with session(tmp_path) as held:
        held.drop(FINANCE)
    second = store(tmp_path).load()
    assert second.serial > first.serial
    assert second.lineage == first.lineage


def test_a_run_that_fails_keeps_what_it_did(tmp_path: Path) -> None:
    def fail() -> None:
        with session(tmp_path) as held:
            held.put(FINANCE, entry())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert set(store(tmp_path).load().entries) == {FINANCE}
    assert files(tmp_path) == {"acme.json"}


@pytest.mark.parametrize(("outcome", "left"), [("done", 0), ("failed", 0), ("unknown", 1)])
def test_only_an_unknown_outcome_leaves_its_intent_open(
    tmp_path: Path, outcome: str, left: int
) -> None:
    with session(tmp_path) as held:
        held.intend(intent())
        held.settle(GITHUB, "create", outcome)
    assert len(store(tmp_path).load().unfinished) == left


def test_the_intent_is_on_disk_before_the_call_is_sent(tmp_path: Path) -> None:
    with session(tmp_path) as held:
        held.intend(intent())
        assert store(tmp_path).load().unfinished == (intent(),)


def test_taking_over_a_rename_never_leaves_the_object_without_owner_or_with_two(
    tmp_path: Path,
) -> None:
    renamed = Address("Space", "money")
    with session(tmp_path) as held:
        held.put(FINANCE, entry())
    planned = store(tmp_path).load().drop(FINANCE).put(renamed, entry())
    with session(tmp_path) as held:
        held.start_from(planned)
        journal = (tmp_path / "acme.json.journal").read_text("utf-8")
    (tmp_path / "acme.json").unlink()
    # Whatever line the crash comes after, exactly one address owns the object.
    with session(tmp_path) as held:
        held.put(FINANCE, entry())
    first = json.loads((tmp_path / "acme.json").read_text())
    lines = journal.splitlines(keepends=True)
    header = json.loads(lines[0]) | {"lineage": first["lineage"], "serial": first["serial"]}
    lines[0] = json.dumps(header) + "\n"
    for length in range(len(lines) + 1):
        (tmp_path / "acme.json.journal").write_text("".join(lines[:length]))
        owners = [a for a, e in store(tmp_path).load().entries.items() if e.remote_id == "vlt_1"]
        assert owners == [FINANCE if length < 2 else renamed]


def test_taking_over_a_plan_settles_what_was_looked_up_and_keeps_the_rest(tmp_path: Path) -> None:
    with session(tmp_path) as held:
        held.intend(intent("github"))
        held.intend(intent("linear"))
    planned = store(tmp_path).load()
    renamed = intent("gh")
    with session(tmp_path) as held:
        held.start_from(
            type(planned)(
                provider=planned.provider,
                workspace_id=planned.workspace_id,
                lineage=planned.lineage,
                serial=planned.serial,
                entries={Address("MCPServer", "linear"): entry("rms_1")},
                unfinished=(renamed,),
            )
        )
    after = store(tmp_path).load()
    assert after.unfinished == (renamed,)
    assert set(after.entries) == {Address("MCPServer", "linear")}


def test_another_workspace_is_refused(tmp_path: Path) -> None:
    with session(tmp_path) as held:
        held.put(FINANCE, entry())
    with pytest.raises(
        StateForeign, match="belongs to workspace dust/w1, the manifests to dust/w2"
    ):
        store(tmp_path, workspace="w2").load()


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "acme.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(StateUnreadable, match="not UTF-8"):
        store(tmp_path).load()


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "acme.json").mkdir()
    with pytest.raises(StateUnreadable, match="directory"):
        store(tmp_path).load()


def test_a_file_in_the_place_of_the_folder_is_unwritable(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(StateUnwritable, match="can't be written"), session(tmp_path / "taken"):
        pass


def test_a_lock_that_cannot_be_taken_for_other_reasons_is_unwritable(tmp_path: Path) -> None:
    (tmp_path / "acme.json.lock").mkdir()
    with pytest.raises(StateUnwritable), session(tmp_path):
        pass


def test_writing_keeps_the_permissions_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "acme.json"
    path.write_text("old")
    path.chmod(0o600)
    write_atomically(path, "new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)


def test_a_write_that_fails_leaves_the_old_text_and_no_scrap(tmp_path: Path) -> None:
    path = tmp_path / "acme.json"
    path.mkdir()
    with pytest.raises(StateUnwritable):
        write_atomically(path, "new")
    assert [found.name for found in tmp_path.iterdir()] == ["acme.json"]


def test_the_journal_of_an_interrupted_run_is_folded_in_and_cleared(tmp_path: Path) -> None:
    crash(tmp_path, (FINANCE, entry()), intent())
    with session(tmp_path) as held:
        assert set(held.state.entries) == {FINANCE}
        assert held.state.unfinished == (intent(),)
    assert files(tmp_path) == {"acme.json"}
    after = store(tmp_path).load()
    assert (set(after.entries), after.unfinished) == ({FINANCE}, (intent(),))


def test_a_second_crash_after_half_a_line_loses_nothing(tmp_path: Path) -> None:
    text = crash(tmp_path, (FINANCE, entry()))
    journal = tmp_path / "acme.json.journal"
    journal.write_text(text + '{"event": "ent')
    second = crash(tmp_path, (GITHUB, entry("rms_1")))
    assert second.count('"begin"') == 1
    assert set(store(tmp_path).load().entries) == {FINANCE, GITHUB}


def test_after_a_rewrite_within_a_run_the_journal_tells_what_it_stands_on(tmp_path: Path) -> None:
    journal = tmp_path / "acme.json.journal"
    with session(tmp_path) as held:
        held.put(FINANCE, entry())
        held.flush()
        held.put(GITHUB, entry("rms_1"))
        first = json.loads(journal.read_text().splitlines()[0])
        assert (first["event"], first["serial"]) == ("begin", held.state.serial)
        assert set(store(tmp_path).load().entries) == {FINANCE, GITHUB}


def test_a_swap_of_names_is_one_step_wherever_it_is_cut(tmp_path: Path) -> None:
    a, b = Address("Space", "a"), Address("Space", "b")
    one, two = entry("vlt_1"), entry("vlt_2")
    with session(tmp_path) as held:
        held.put(a, one)
        held.put(b, two)
    file = tmp_path / "acme.json"
    before = file.read_bytes()
    with session(tmp_path) as held:
        held.start_from(replace(held.state, entries={a: two, b: one}))
        text = (tmp_path / "acme.json.journal").read_bytes()
    after = file.read_bytes()
    for saved in (before, after):
        for cut in range(len(text) + 1):
            file.write_bytes(saved)
            (tmp_path / "acme.json.journal").write_bytes(text[:cut])
            entries = store(tmp_path).load().entries
            done = cut == len(text) or saved == after
            assert entries == ({a: two, b: one} if done else {a: one, b: two})


def test_what_could_not_be_journalled_is_in_the_write_at_the_end(tmp_path: Path) -> None:
    journal = tmp_path / "acme.json.journal"
    with session(tmp_path) as held:
        held.put(FINANCE, entry())
        held.flush()
        journal.mkdir()
        with pytest.raises(StateUnwritable):
            held.put(GITHUB, entry("rms_1"))
        journal.rmdir()
    assert set(store(tmp_path).load().entries) == {FINANCE, GITHUB}
