"""Encryption of states: what lies in the store, and whom it lets be taken for another."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.state import (
    FileShelf,
    FileStore,
    Keys,
    Label,
    SharedStore,
    State,
    StateAltered,
    StateError,
    StateForeign,
    StateRolledBack,
    StateSealed,
    StateUnreadable,
    StateUnsealed,
    Witness,
    accept,
    check_key,
    seal,
    unseal,
)
from tests.state.places import KEY, Open
from tests.state.stores import FINANCE, GITHUB, OWNER, entry, files, intent

OTHER = Open("another key, which is long enough to be one as well")
SEALED = Keys(current=KEY)
LABEL = Label(what="state", provider="dust", workspace_id="w1", lineage="l1", serial=7)


def sealed_store(
    folder: Path,
    *,
    keys: Keys | None = SEALED,
    workspace: str = "w1",
    witness: bool = False,
) -> SharedStore:
    """A store on `acme.json`, encrypted; with `witness` this machine remembers serials."""
    return SharedStore(
        FileShelf(folder / "acme.json"),
        provider="dust",
        workspace_id=workspace,
        keys=lambda: keys,
        witness=Witness(folder=folder / "seen") if witness else None,
    )


def own(store: SharedStore, remote_id: str = "vlt_1") -> State:
    """Own one thing; the state as it is then."""
    with store.session(owner=OWNER, tool="1.0") as held:
        held.put(FINANCE, entry(remote_id, text="hush"))
    return store.load()


def test_what_is_sealed_is_opened_by_its_key_alone() -> None:
    text = seal("hush", LABEL, KEY)
    assert "hush" not in text
    assert unseal(text, Keys(current=KEY), name="x") == ("hush", LABEL)
    assert unseal(text, Keys(current=OTHER, others=(KEY,)), name="x") == ("hush", LABEL)
    with pytest.raises(StateSealed, match="no key that the manifests name opens it"):
        unseal(text, Keys(current=OTHER), name="x")
    with pytest.raises(StateSealed, match="the manifests name no key"):
        unseal(text, Keys(), name="x")


def test_the_same_text_is_never_sealed_alike() -> None:
    one, other = (json.loads(seal("hush", LABEL, KEY)) for _ in range(2))
    assert all(one[name] != other[name] for name in ("salt", "nonce", "text"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("serial", 8),
        ("lineage", "l2"),
        ("what", "session"),
        ("workspace", {"provider": "dust", "id": "w2"}),
        ("salt", "AAAA"),
        ("nonce", "AAAAAAAAAAAAAAAA"),
        ("text", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ],
)
def test_nothing_that_is_said_in_the_open_can_be_changed(name: str, value: Any) -> None:
    document = {**json.loads(seal("hush", LABEL, KEY)), name: value}
    with pytest.raises(StateSealed):
        unseal(json.dumps(document), Keys(current=KEY), name="x")


@pytest.mark.parametrize(
    "text",
    [
        '{"format": "reconciler.sealed/v1"}',
        "[",
        seal("hush", LABEL, KEY).replace('"nonce": "', '"nonce": "!'),
    ],
)
def test_what_is_no_sealed_text_is_unreadable(text: str) -> None:
    with pytest.raises(StateUnreadable):
        unseal(text, Keys(current=KEY), name="x")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="it has 31 bytes, and needs 32 or more"):
        check_key(Open("x" * 31))
    check_key(Open("x" * 32))


def test_no_file_beside_an_encrypted_state_is_in_the_open(tmp_path: Path) -> None:
    with sealed_store(tmp_path).session(owner=OWNER, tool="1.0") as held:
        held.put(FINANCE, entry("vlt_hush"))
        held.intend(intent("hush"))
        names = files(tmp_path)
        texts = b"".join((tmp_path / name).read_bytes() for name in names)
    assert names == {"acme.json", "acme.json.lock-owner"}
    assert b"hush" not in texts


def test_without_the_key_an_encrypted_state_is_not_taken_for_none(tmp_path: Path) -> None:
    own(sealed_store(tmp_path))
    with pytest.raises(StateSealed):
        FileStore(tmp_path / "acme.json", provider="dust", workspace_id="w1").load()
    with pytest.raises(StateSealed):
        sealed_store(tmp_path, keys=None).load()


def test_encryption_is_turned_on_by_accepting_the_state(tmp_path: Path) -> None:
    plain = FileStore(tmp_path / "acme.json", provider="dust", workspace_id="w1")
    with plain.session(owner=OWNER, tool="1.0") as held:
        held.put(FINANCE, entry(text="hush"))
    store = sealed_store(tmp_path)
    with pytest.raises(StateUnsealed, match="isn't encrypted"):
        store.load()
    with pytest.raises(StateUnsealed), store.session(owner=OWNER, tool="1.0"):
        pass
    assert accept(store, seen=store.load(sealed=False), owner=OWNER)
    assert store.load().entries.keys() == {FINANCE}
    assert "hush" not in (tmp_path / "acme.json").read_text()


def test_the_key_is_rotated_by_the_next_write(tmp_path: Path) -> None:
    own(sealed_store(tmp_path))
    both = sealed_store(tmp_path, keys=Keys(current=OTHER, others=(KEY,)))
    own(both, "vlt_2")
    new = sealed_store(tmp_path, keys=Keys(current=OTHER))
    assert new.load().entries[FINANCE].remote_id == "vlt_2"


def test_encryption_is_turned_off_by_the_next_write(tmp_path: Path) -> None:
    own(sealed_store(tmp_path))
    own(sealed_store(tmp_path, keys=Keys(others=(KEY,))), "vlt_2")
    plain = FileStore(tmp_path / "acme.json", provider="dust", workspace_id="w1")
    assert plain.load().entries[FINANCE].remote_id == "vlt_2"


def test_a_journal_from_before_encryption_is_not_left_out(tmp_path: Path) -> None:
    (tmp_path / "acme.json.journal").write_text("{}\n")
    with pytest.raises(StateUnreadable, match=r"apply once without `spec\.state\.encryption`"):
        sealed_store(tmp_path).load()


def test_a_sealed_state_of_another_workspace_is_foreign(tmp_path: Path) -> None:
    own(sealed_store(tmp_path))
    with pytest.raises(StateForeign):
        sealed_store(tmp_path, workspace="w2").load()


def _to_the_first(path: Path, first: str) -> None:
    path.write_text(first)


def _away(path: Path, first: str) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("go_back", "words"),
    [(_to_the_first, "it has serial 1, and serial 2 was there"), (_away, "it is gone")],
)
def test_a_state_that_went_back_is_refused_until_it_is_accepted(
    tmp_path: Path, go_back: Callable[[Path, str], None], words: str
) -> None:
    path, store = tmp_path / "acme.json", sealed_store(tmp_path, witness=True)
    own(store)
    first = path.read_text()
    own(store, "vlt_2")
    go_back(path, first)
    with pytest.raises(StateRolledBack, match=words):
        store.load()
    with pytest.raises(StateRolledBack), store.session(owner=OWNER, tool="1.0"):
        pass
    accepted = accept(store, seen=store.load(sealed=False), owner=OWNER)
    assert accepted
    assert accepted.serial == 3, "above all that was there before"
    assert store.load() == accepted


def test_files_of_one_relative_name_are_not_taken_for_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        monkeypatch.chdir(tmp_path / folder)
        own(
            SharedStore(
                FileShelf(Path("acme.json")),
                provider="dust",
                workspace_id="w1",
                keys=lambda: SEALED,
                witness=Witness(folder=tmp_path / "seen"),
            )
        )


def test_a_machine_that_saw_nothing_can_not_tell(tmp_path: Path) -> None:
    path, store = tmp_path / "acme.json", sealed_store(tmp_path)
    own(store)
    first = path.read_text()
    own(store, "vlt_2")
    path.write_text(first)
    assert store.load().serial == 1


def test_a_home_that_can_not_be_written_to_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "seen").write_text("not a folder")
    assert own(sealed_store(tmp_path, witness=True)).serial == 1


@pytest.mark.parametrize("keys", [None, Keys(current=KEY)], ids=["open", "sealed"])
def test_an_edit_by_hand_is_refused_whether_encrypted_or_not(
    tmp_path: Path, keys: Keys | None
) -> None:
    store, path = sealed_store(tmp_path, keys=keys), tmp_path / "acme.json"
    own(store)
    path.write_text(path.read_text().replace('"serial": 1', '"serial": 5'))
    expected: type[StateError] = StateAltered if keys is None else StateSealed
    with pytest.raises(expected):
        store.load()


def test_an_intent_of_a_run_that_stopped_is_found_again(tmp_path: Path) -> None:
    store = sealed_store(tmp_path)
    with store.session(owner=OWNER, tool="1.0") as held:
        held.intend(intent())
    assert [each.address for each in sealed_store(tmp_path).load().unfinished] == [GITHUB]
