"""Journals, torn, altered or of another time: what happened, its beginning, or a refusal."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.resources import Address
from reconciler.state import Entry, Intent, Session, State, StateError, StateUnreadable
from reconciler.state.journal import fold
from tests.fuzz.mutating import ANY_JSON, mutated, mutated_text, often, text_of, tried
from tests.fuzz.test_states import FULL, use
from tests.state.stores import files, session, store

FILE, JOURNAL = "acme.json", "acme.json.journal"
LINEAR = Address("MCPServer", "linear")
Deed = Callable[[Session], None]


def _put(address: Address, number: int) -> Deed:
    return lambda held: held.put(address, Entry(remote_id=f"rms_{number}{address.name}"))


def _drop(address: Address) -> Deed:
    return lambda held: held.drop(address)


def _intend(address: Address, operation: str) -> Deed:
    return lambda held: held.intend(Intent(address=address, operation=operation))


def _settle(address: Address, operation: str, outcome: str) -> Deed:
    return lambda held: held.settle(address, operation, outcome)


def _ask(address: Address, again: bool) -> Deed:
    return lambda held: held.ask(address, FULL.consents[LINEAR] if again else None)


PLACES = st.sampled_from([Address("MCPServer", name) for name in "abc"])
OPERATIONS = st.sampled_from(["create", "replace"])
DEEDS = st.one_of(
    st.builds(_put, PLACES, st.integers(0, 3)),
    st.builds(_drop, PLACES),
    st.builds(_intend, PLACES, OPERATIONS),
    st.builds(_settle, PLACES, OPERATIONS, st.sampled_from(["done", "failed", "unknown"])),
    st.builds(_ask, PLACES, st.booleans()),
    st.just(Session.flush),
)


def memory(of: State) -> tuple[Any, ...]:
    """What a state remembers, whatever its serial."""
    return of.lineage, of.entries, of.unfinished, of.consents


@contextmanager
def folder() -> Iterator[Path]:
    """A folder, in memory where there is such a thing: every deed is flushed to the disk."""
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:
        yield Path(name)


def left_by(crash: Path, *, file: bytes, journal: bytes) -> State:
    """The state that is found where a crash left these; no bytes for no file."""
    for name, content in ((FILE, file), (JOURNAL, journal)):
        (crash / name).unlink(missing_ok=True)
        if content:
            (crash / name).write_bytes(content)
    return store(crash).load()


def there(path: Path) -> bytes:
    """What a file holds; nothing if there is none."""
    return path.read_bytes() if path.exists() else b""


@often(40)
@given(deeds=st.lists(DEEDS, max_size=8), data=st.data())
def test_a_journal_that_was_torn_anywhere_is_the_beginning_of_what_happened(
    deeds: list[Deed], data: st.DataObject
) -> None:
    with folder() as here, folder() as crash, session(here) as held:
        serial, moments = held.state.serial, {0: held.state, 1: held.state}
        for deed in deeds:
            deed(held)
            if held.state.serial != serial:
                serial, moments = held.state.serial, {1: held.state}
            moments[there(here / JOURNAL).count(b"\n")] = held.state
        file, journal = there(here / FILE), there(here / JOURNAL)
        for cut in {len(journal), data.draw(st.integers(0, len(journal)))}:
            found = left_by(crash, file=file, journal=journal[:cut])
            whole = moments[journal[:cut].count(b"\n")]
            assert memory(found)[1:] == memory(whole)[1:]


@often(40)
@given(deeds=st.lists(DEEDS, min_size=1, max_size=8))
def test_a_crash_between_writing_the_file_and_removing_the_journal_changes_nothing(
    deeds: list[Deed],
) -> None:
    with folder() as here, folder() as crash, session(here) as held:
        for deed in deeds:
            deed(held)
        journal = there(here / JOURNAL)
        held.flush()
        file = there(here / FILE)
        assert memory(left_by(crash, file=file, journal=journal)) == memory(held.state)
        with session(crash):
            pass
        assert (there(crash / FILE), files(crash)) == (file, {FILE})


def begun(serial: object, lineage: object = FULL.lineage) -> dict[str, Any]:
    """The first line of a journal."""
    return {"event": "begin", "tool": "1", "at": "now", "lineage": lineage, "serial": serial}


def written(*events: Any) -> str:
    """The text of a journal."""
    return "".join(text_of(event) + "\n" for event in events)


@pytest.mark.parametrize("serial", [FULL.serial, FULL.serial - 1])
def test_a_journal_stands_on_the_file_beside_it_or_on_the_one_before(serial: int) -> None:
    gone = {"event": "entry", "address": "Space/finance", "entry": None}
    folded = fold(FULL, written(begun(serial), gone), name="acme.json")
    assert Address("Space", "finance") not in folded.entries


@pytest.mark.parametrize("serial", [FULL.serial - 2, 0, FULL.serial + 1, None, "7", [7]])
def test_a_journal_of_another_time_is_refused(serial: object) -> None:
    gone = {"event": "entry", "address": "Space/finance", "entry": None}
    with pytest.raises(StateUnreadable, match="line 1 of its journal: it was begun on another"):
        fold(FULL, written(begun(serial), gone), name="acme.json")


def _events() -> list[Any]:
    """The lines of a journal with everything in it."""
    with folder() as here, session(here) as held:
        held.start_from(FULL)
        held.put(LINEAR, FULL.entries[Address("MCPServer", "github")])
        held.drop(Address("Space", "finance"))
        held.settle(LINEAR, "create", "unknown", "no answer")
        held.ask(LINEAR, None)
        lines = there(here / JOURNAL).decode().splitlines()
    return [begun(FULL.serial), *(json.loads(line) for line in lines[1:])]


EVENTS = _events()


@often(200)
@given(events=st.lists(mutated(EVENTS) | ANY_JSON, max_size=3), at=st.integers(0, len(EVENTS)))
def test_a_journal_with_lines_that_were_changed_is_refused_or_can_be_used(
    events: list[Any], at: int
) -> None:
    text = written(*EVENTS[:at], *events, *EVENTS[at + len(events) :])
    found = tried(lambda: fold(FULL, text, name="acme.json"), StateUnreadable)
    if isinstance(found, State):
        use(found)
    else:
        assert "\n" not in found.message


@often(150)
@given(text=mutated_text([written(*EVENTS)]))
def test_a_journal_of_any_text_is_refused_or_can_be_used(text: str) -> None:
    with folder() as here:
        (here / JOURNAL).write_bytes(text.encode("utf-8", "surrogatepass"))
        found = tried(lambda: store(here).load(), StateError)
    if isinstance(found, State):
        use(found)
