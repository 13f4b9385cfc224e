"""A small encrypted text beside the state: what becomes of one that is old, lost or another's."""

from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.state import (
    FileShelf,
    Keys,
    SealedRecord,
    StateForeign,
    StateRolledBack,
    StateSealed,
    Witness,
)
from tests.state.places import KEY, Making, Open, Place
from tests.state.stores import OWNER

_OTHER = Open("another key of the tests, which is long enough")


def record(place: Place, workspace: str = "w1") -> SealedRecord:
    """The record beside the state of a place."""
    return SealedRecord(
        shelf=place.shelf().beside("note"),
        what="note",
        provider="dust",
        workspace_id=workspace,
        keys=Keys(current=KEY),
    )


def put(there: SealedRecord, *texts: str) -> None:
    with there.hold(OWNER) as held:
        for text in texts:
            held.write(text)


@pytest.fixture
def filed(tmp_path: Path) -> SealedRecord:
    """A record in a file, on a machine that remembers."""
    there = record(Place(path=str(tmp_path / "acme.json"), sealed=True))
    return replace(there, witness=Witness(folder=tmp_path / "seen"))


@pytest.mark.places("sealed file", "postgres", "gitlab")
def test_its_version_grows_with_every_write(place: Place, making: Making) -> None:
    there = record(place)
    assert there.read_version() == (None, 0)
    put(there, "one", "two")
    assert there.read_version() == ("two", 2)
    put(there, "three")
    assert record(place).read_version() == ("three", 3)


@pytest.mark.places("sealed file", "postgres", "gitlab")
def test_with_a_lost_key_it_is_begun_anew_above_what_was(place: Place, making: Making) -> None:
    put(record(place), "one", "two")
    other = replace(record(place), keys=Keys(current=_OTHER))
    with pytest.raises(StateSealed):
        other.read()
    with other.hold_anew(OWNER) as held:
        assert held.text is None
        held.write("anew")
    assert other.read_version() == ("anew", 3)


def test_one_that_was_put_back_is_refused_until_it_is_begun_anew(filed: SealedRecord) -> None:
    put(filed, "one")
    path = Path(filed.shelf.name)
    old = path.read_bytes()
    put(filed, "two")
    path.write_bytes(old)
    with pytest.raises(StateRolledBack):
        filed.read()
    with filed.hold_anew(OWNER) as held:
        held.write("three")
    assert filed.read_version() == ("three", 3)


def test_one_that_says_a_later_serial_than_it_was_sealed_with_is_not_opened(
    filed: SealedRecord,
) -> None:
    put(filed, "one")
    path = Path(filed.shelf.name)
    path.write_text(path.read_text().replace('"serial": 1', '"serial": 9'))
    with pytest.raises(StateSealed):
        filed.read()


def test_what_one_folder_s_file_was_says_nothing_of_another_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = record(Place(path="acme.json", sealed=True))
    there = replace(there, witness=Witness(folder=tmp_path / "seen"))
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        assert there.read_version() == (None, 0)
        put(there, "one")


def test_a_damaged_one_is_begun_anew(filed: SealedRecord) -> None:
    Path(filed.shelf.name).write_text("{")
    with filed.hold_anew(OWNER) as held:
        held.write("anew")
    assert filed.read_version() == ("anew", 1)


def test_another_workspace_s_is_never_written_over(filed: SealedRecord) -> None:
    put(filed, "theirs")
    ours = replace(filed, workspace_id="w2", shelf=FileShelf(Path(filed.shelf.name)))
    with pytest.raises(StateForeign), ours.hold_anew(OWNER):
        pass
    assert filed.read() == "theirs"
