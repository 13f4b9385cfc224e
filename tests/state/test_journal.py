"""The journal: whatever a crash leaves of it can be used."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.resources import Address
from reconciler.state import Entry, StateUnreadable
from reconciler.state.journal import Journal, entries_event, fold
from tests.parts.values import owned, state
from tests.state.stores import (
    FINANCE,
    GITHUB,
    OWNER,
    crash,
    entry,
    files,
    intent,
    session,
    store,
)

ADDRESSES = st.sampled_from([Address("MCPServer", name) for name in "abc"])
ENTRIES = st.builds(
    lambda number, text: Entry(remote_id=f"rms_{number}", applied={"description": text}),
    st.integers(0, 9),
    st.text(max_size=3),
)
EVENTS = st.one_of(
    st.tuples(ADDRESSES, ENTRIES),
    st.tuples(ADDRESSES, st.none()),
    st.tuples(ADDRESSES, st.sampled_from(["done", "failed", "unknown"])),
    ADDRESSES.map(lambda address: intent(address.name)),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(EVENTS, max_size=6), st.data())
def test_every_prefix_of_a_journal_is_loadable(events: list[object], data: st.DataObject) -> None:
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:
        folder = Path(name)
        text = crash(folder, *events).encode()
        cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=20))
        for cut in {0, len(text), *cuts}:
            (folder / "acme.json.journal").write_bytes(text[:cut])
            store(folder).load()


@settings(deadline=None)
@given(st.lists(st.tuples(ADDRESSES, st.one_of(ENTRIES, st.none())), max_size=8))
def test_folding_twice_is_folding_once(events: list[tuple[Address, Entry | None]]) -> None:
    before = state({"MCPServer/a": owned("rms_0", {})})
    lines = [
        {
            "event": "entry",
            "address": str(address),
            "entry": made and {"remoteId": made.remote_id, "applied": dict(made.applied)},
        }
        for address, made in events
    ]
    text = "".join(json.dumps(line) + "\n" for line in (BEGIN, *lines))
    once = fold(before, text, name="x")
    assert fold(once, text, name="x") == once
    ids = [made.remote_id for made in once.entries.values()]
    assert len(ids) == len(set(ids))


BEGIN = {"event": "begin", "lineage": "lineage-1", "serial": 7, "tool": "1", "at": "now"}


def test_half_a_last_line_is_dropped(tmp_path: Path) -> None:
    text = crash(tmp_path, (FINANCE, entry()), (GITHUB, entry("rms_1")))
    (tmp_path / "acme.json.journal").write_text(text[:-5])
    assert set(store(tmp_path).load().entries) == {FINANCE}


def test_half_a_first_line_of_a_first_run_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "acme.json.journal").write_text('{"event": "beg')
    assert store(tmp_path).load().entries == {}


def test_a_first_run_keeps_the_lineage_of_its_journal(tmp_path: Path) -> None:
    text = crash(tmp_path, (FINANCE, entry()))
    assert store(tmp_path).load().lineage == json.loads(text.splitlines()[0])["lineage"]


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        "{}",
        '{"event": "entry"}',
        '{"event": "entry", "address": "Space/a", "entry": {}}',
        '{"event": "entry", "address": "nothing", "entry": null}',
        '{"event": "intent", "address": "Robot/a", "operation": "create"}',
        '{"event": "entry", "address": "Robot/a", "entry": {"remoteId": "r"}}',
        '{"event": "of a later version", "address": "Space/a"}',
        '{"event": "done", "event": "failed", "address": "Space/a", "operation": "create"}',
        "[" * 100_000,
    ],
)
def test_a_damaged_line_in_the_middle_is_refused_by_number(tmp_path: Path, line: str) -> None:
    text = crash(tmp_path, (FINANCE, entry()))
    (tmp_path / "acme.json.journal").write_text(text + line + "\n" + '{"event": "done"}\n')
    with pytest.raises(StateUnreadable, match="line 3 of its journal"):
        store(tmp_path).load()


@pytest.mark.parametrize("moved", [{"lineage": "other"}, {"serial": 99}])
def test_a_journal_of_another_state_is_refused(tmp_path: Path, moved: dict[str, object]) -> None:
    with pytest.raises(StateUnreadable, match="begun on another state"):
        fold(state(), json.dumps(BEGIN | moved) + "\n", name="acme.json")


def test_a_journal_that_does_not_say_what_it_was_begun_on_is_refused() -> None:
    line = {"event": "entry", "address": "Space/a", "entry": {"remoteId": "vlt_9"}}
    with pytest.raises(StateUnreadable, match="doesn't say on which state"):
        fold(state(), json.dumps(line) + "\n", name="acme.json")


def test_a_journal_that_gives_one_object_two_owners_is_refused() -> None:
    both = {"Space/a": {"remoteId": "vlt_1"}, "Space/b": {"remoteId": "vlt_1"}}
    line = {"event": "entries", "entries": both}
    with pytest.raises(StateUnreadable, match="claim the same object vlt_1"):
        fold(state(), f"{json.dumps(BEGIN)}\n{json.dumps(line)}\n", name="acme.json")


def test_what_is_wrong_with_a_line_is_said_in_a_line_without_its_values(tmp_path: Path) -> None:
    text = crash(tmp_path, (FINANCE, entry()))
    line = '{"event": "entry", "address": "Space/a", "entry": {"remoteId": 7, "x": "hush"}}'
    (tmp_path / "acme.json.journal").write_text(text + line + "\n")
    with pytest.raises(StateUnreadable) as caught:
        store(tmp_path).load()
    assert "\n" not in caught.value.message
    assert "hush" not in caught.value.message


def test_an_entry_for_an_object_that_another_address_owns_renames_it() -> None:
    line = {"event": "entry", "address": "Space/money", "entry": {"remoteId": "vlt_1"}}
    before = state({"Space/finance": owned("vlt_1", {})})
    after = fold(before, f"{json.dumps(BEGIN)}\n{json.dumps(line)}\n", name="x")
    assert set(after.entries) == {Address("Space", "money")}


def test_a_journal_cut_inside_a_character_is_loadable(tmp_path: Path) -> None:
    named = Entry(remote_id="vlt_1", applied={"displayName": "\N{LATIN SMALL LETTER E WITH ACUTE}"})
    whole = crash(tmp_path, (Address("Space", "a"), named)).encode()
    cut = next(at for at, byte in enumerate(whole) if byte > 127) + 1
    (tmp_path / "acme.json.journal").write_bytes(whole[:cut])
    assert store(tmp_path).load().entries == {}


def test_the_name_of_each_new_journal_is_made_durable_once(tmp_path: Path) -> None:
    synced: list[Path] = []
    journal = Journal(tmp_path / "acme.json.journal", check=lambda: None, sync=synced.append)
    journal.begin(state(), tool="1.0", at="now")
    journal.note(entries_event({FINANCE: entry()}))
    assert synced == [tmp_path]
    journal.restart(state())
    journal.note(entries_event({FINANCE: None}))
    journal.close()
    assert synced == [tmp_path, tmp_path]


def test_a_journal_that_the_file_holds_already_is_removed_and_moves_no_serial_on(
    tmp_path: Path,
) -> None:
    journal = tmp_path / "acme.json.journal"
    with session(tmp_path) as held:
        held.put(FINANCE, entry())
        left = journal.read_bytes()
    journal.write_bytes(left)  # a crash between writing the file and removing it
    before = store(tmp_path).load().serial
    written = store(tmp_path).rewrite(lambda found: found.drop(FINANCE), owner=OWNER)
    assert written is not None
    assert written.serial == before + 1
    assert files(tmp_path) == {"acme.json"}
