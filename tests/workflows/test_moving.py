"""Carrying a state as a whole, in one process: pull, push, migrate, and what they refuse."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.providers.dust.signin import KeptSession, LoginProvider, SignIn, Tokens
from reconciler.resources import Address
from reconciler.secrets import Secret
from reconciler.state import (
    StateAltered,
    StateForeign,
    StateLocked,
    StateMoved,
    StateRolledBack,
    StateUnreadable,
)
from reconciler.workflows import (
    Context,
    Exit,
    Options,
    Stop,
    load_manifests,
    migrate_state,
    move_address,
    open_context,
    pull_state,
    push_state,
)
from reconciler.workflows.kept_sessions import keeper_of
from reconciler.workflows.trust import Trust
from tests.state.stores import CONSENT, FINANCE, GITHUB, OWNER, entry, intent

_ENVIRON = {"KEY": "k" * 40, "OLD_KEY": "o" * 40, "SHORT": "too-short"}


def context(
    folder: Path, workspace: str = "w1", *, more: Mapping[str, Any] | None = None, **state: Any
) -> Context:
    """A workspace whose state is as `state` says, by default in `acme.json`."""
    manifest = {
        "apiVersion": "reconciler/v1",
        "kind": "Workspace",
        "metadata": {"name": "acme"},
        "spec": {
            "provider": "dust",
            "workspaceId": workspace,
            "region": "eu",
            "state": state or {"path": "acme.json"},
            **(more or {}),
        },
    }
    path = folder / "workspace.yaml"
    path.write_text(yaml.safe_dump(manifest))
    loaded = load_manifests([path], None)
    assert loaded.desired is not None
    options = Options(environ={**_ENVIRON, "HOME": str(folder / "home")})
    return open_context(loaded.desired, loaded.locator, options, trust=Trust())


def own(there: Context, remote_id: str = "vlt_1") -> str:
    """Own one thing, with an intent left open; the state's text then."""
    with there.store.session(owner=OWNER, tool="1.0") as held:
        held.put(FINANCE, entry(remote_id))
        held.intend(intent())
    return pull_state(there)


def push(there: Context, text: str, *allow: str) -> bool:
    """Push a text; whether anything was written."""
    return push_state(there, text, name="f.json", allow=frozenset(allow)).written


def test_what_was_pulled_is_pushed_back(tmp_path: Path) -> None:
    there = context(tmp_path)
    text = own(there)
    (tmp_path / "acme.json").unlink()
    assert push(there, text)
    state = there.store.load()
    assert state.entries.keys() == {FINANCE}
    assert [each.address for each in state.unfinished] == [GITHUB]
    assert not push(there, pull_state(there))


def test_an_older_state_is_pushed_only_by_name(tmp_path: Path) -> None:
    there = context(tmp_path)
    text = own(there)
    own(there, "vlt_2")
    with pytest.raises(Stop, match=r"has serial 1, and .* had 2 already") as caught:
        push(there, text)
    assert caught.value.help == ("if going back is meant: --allow older-serial",)
    assert push(there, text, "older-serial")
    state = there.store.load()
    assert (state.serial, state.entries[FINANCE].remote_id) == (3, "vlt_1")


def test_a_state_of_another_lineage_is_pushed_only_by_name(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    text = own(context(tmp_path / "other"), "vlt_9")
    there = context(tmp_path)
    own(there)
    with pytest.raises(Stop, match="has another lineage"):
        push(there, text)
    assert push(there, text, "other-lineage")


def test_a_state_of_another_workspace_is_never_pushed(tmp_path: Path) -> None:
    text = own(context(tmp_path))
    (tmp_path / "acme.json").unlink()
    with pytest.raises(StateForeign):
        push(context(tmp_path, "w2"), text, "other-lineage", "older-serial", "altered")


def test_an_edited_state_is_pushed_only_by_name(tmp_path: Path) -> None:
    there = context(tmp_path)
    edited = own(there).replace("vlt_1", "vlt_7")
    with pytest.raises(StateAltered):
        push(there, edited)
    assert push(there, edited, "altered")
    assert there.store.load().entries[FINANCE].remote_id == "vlt_7"


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"version": 99}'])
def test_what_is_no_state_is_never_pushed(tmp_path: Path, text: str) -> None:
    there = context(tmp_path)
    own(there)
    with pytest.raises(StateUnreadable):
        push(there, text, "altered", "older-serial", "other-lineage")


def test_nothing_is_pushed_while_a_run_has_the_state(tmp_path: Path) -> None:
    there = context(tmp_path)
    text = own(there)
    with there.store.session(owner=OWNER, tool="1.0"), pytest.raises(StateLocked):
        push(there, text, "older-serial")


def test_a_push_waits_for_the_run_that_has_the_state(tmp_path: Path) -> None:
    there = context(tmp_path)
    text = own(there)
    said: list[str] = []
    with ExitStack() as held:

        def say(line: str) -> None:
            said.append(line)
            held.close()  # it ends when somebody waits for it

        options = replace(there.options, lock_timeout=timedelta(minutes=1), say=say)
        held.enter_context(there.store.session(owner=OWNER, tool="1.0"))
        assert not push(replace(there, options=options), text)
    assert said[0].startswith("waiting for the state, which is locked by ana@laptop:42")


def test_a_state_that_went_back_is_put_right_by_pushing_the_newest(tmp_path: Path) -> None:
    there = context(tmp_path, path="acme.json", encryption={"key": {"env": "KEY"}})
    own(there)
    first = (tmp_path / "acme.json").read_text()
    older = pull_state(there)
    newest = own(there, "vlt_2")
    (tmp_path / "acme.json").write_text(first)
    with pytest.raises(StateRolledBack):
        there.store.load()
    with pytest.raises(Stop, match=r"had [0-9]+ already"):
        push(there, older)
    assert push(there, newest)
    assert there.store.load().entries[FINANCE].remote_id == "vlt_2"


def test_a_state_migrates_and_leaves_a_note(tmp_path: Path) -> None:
    own(context(tmp_path))
    there = context(tmp_path, path="new.json")
    carried = migrate_state(there, str(tmp_path / "acme.json"))
    assert carried.written
    assert there.store.load() == carried.state
    assert json.loads((tmp_path / "acme.json").read_text())["format"] == "reconciler.moved-state/v1"
    assert not migrate_state(there, str(tmp_path / "acme.json")).written
    with pytest.raises(StateMoved):
        context(tmp_path).store.load()


def test_a_migration_that_was_cut_short_goes_on(tmp_path: Path) -> None:
    own(context(tmp_path))
    before = (tmp_path / "acme.json").read_text()
    there = context(tmp_path, path="new.json")
    migrate_state(there, str(tmp_path / "acme.json"))
    (tmp_path / "acme.json").write_text(before)
    with there.store.session(owner=OWNER, tool="1.0") as held:
        held.put(GITHUB, entry("rms_1"))
    assert not migrate_state(there, str(tmp_path / "acme.json")).written
    assert there.store.load().entries.keys() == {FINANCE, GITHUB}
    with pytest.raises(StateMoved):
        context(tmp_path).store.load()


def test_what_both_sides_of_a_migration_wait_for_is_waited_for_afterwards(tmp_path: Path) -> None:
    """A migration was cut short, and both places went on after that."""
    here = context(tmp_path)
    own(here)
    before = (tmp_path / "acme.json").read_bytes()
    there = context(tmp_path, path="elsewhere.json")
    migrate_state(there, str(tmp_path / "acme.json"))
    (tmp_path / "acme.json").write_bytes(before)  # as if it had been cut short before the note
    consent = replace(CONSENT, connection="con_2")
    with here.store.session(owner=OWNER, tool="1.0") as held:
        held.ask(FINANCE, CONSENT)
        held.intend(intent("jira"))
    with there.store.session(owner=OWNER, tool="1.0") as held:
        held.put(GITHUB, entry("rms_1"))
        held.settle(GITHUB, "create", "done")
        held.ask(GITHUB, consent)
        held.flush()
        held.put(FINANCE, entry("vlt_1"))
    while there.store.load().serial <= here.store.load().serial:
        with there.store.session(owner=OWNER, tool="1.0") as held:
            held.flush()

    migrate_state(there, str(tmp_path / "acme.json"))

    state = there.store.load()
    assert state.entries.keys() == {FINANCE, GITHUB}
    assert state.consents == {FINANCE: CONSENT, GITHUB: consent}
    assert [each.address.name for each in state.unfinished] == ["jira"], "github was looked up"


_BESIDE = {"credentials": {"session": {"beside": "state", "key": {"env": "KEY"}}}}


def session_of(email: str) -> KeptSession:
    """A session of somebody."""
    provider = LoginProvider(origin="http://127.0.0.1:9", client_id="client")
    tokens = Tokens(access=Secret(f"access-{email}"), refresh=Secret(f"refresh-{email}"))
    sign_in = SignIn(
        url="https://eu.dust.tt",
        email=email,
        workspaces=("w1",),
        since="2026-11-25T20:00:00+00:00",
        provider=provider,
    )
    return KeptSession(sign_in=sign_in, tokens=tokens)


def kept(there: Context) -> KeptSession:
    """What is kept beside the state."""
    found = keeper_of(there).read()[0]
    assert found is not None
    return found


def test_the_session_beside_a_state_moves_with_it_and_is_over_where_it_was(tmp_path: Path) -> None:
    here = context(tmp_path, more=_BESIDE)
    own(here)
    keeper_of(here).start(session_of("ana@acme.example"))
    there = context(tmp_path, path="new.json", more=_BESIDE)
    for _ in range(2):  # twice does no harm
        migrate_state(there, str(tmp_path / "acme.json"))
        tokens = kept(there).tokens
        assert tokens
        assert tokens.refresh is not None
        assert tokens.refresh.reveal() == "refresh-ana@acme.example"
        assert kept(here).tokens is None, "each token counts once"


def test_a_session_that_is_kept_in_the_new_place_already_stays_and_so_does_the_former(
    tmp_path: Path,
) -> None:
    here = context(tmp_path, more=_BESIDE)
    own(here)
    keeper_of(here).start(session_of("ana@acme.example"))
    there = context(tmp_path, path="new.json", more=_BESIDE)
    keeper_of(there).start(session_of("ben@acme.example"))
    migrate_state(there, str(tmp_path / "acme.json"))
    assert kept(there).sign_in.email == "ben@acme.example"
    assert kept(here).tokens


def test_a_state_migrates_back(tmp_path: Path) -> None:
    own(context(tmp_path))
    migrate_state(context(tmp_path, path="new.json"), str(tmp_path / "acme.json"))
    own(context(tmp_path, path="new.json"), "vlt_2")
    there = context(tmp_path)
    assert migrate_state(there, str(tmp_path / "new.json")).written
    assert there.store.load().entries[FINANCE].remote_id == "vlt_2"
    with pytest.raises(StateMoved):
        context(tmp_path, path="new.json").store.load()


def test_a_migration_changes_how_a_state_is_encrypted(tmp_path: Path) -> None:
    own(context(tmp_path, path="acme.json", encryption={"key": {"env": "OLD_KEY"}}))
    encryption = {"key": {"env": "KEY"}, "previousKey": {"env": "OLD_KEY"}}
    there = context(tmp_path, path="new.json", encryption=encryption)
    migrate_state(there, str(tmp_path / "acme.json"))
    assert "vlt_1" not in (tmp_path / "new.json").read_text()
    only = context(tmp_path, path="new.json", encryption={"key": {"env": "KEY"}})
    assert only.store.load().entries.keys() == {FINANCE}


def test_a_migration_never_overwrites_another_state(tmp_path: Path) -> None:
    own(context(tmp_path))
    there = context(tmp_path, path="new.json")
    own(there, "vlt_9")
    with pytest.raises(Stop, match="there is another state in"):
        migrate_state(there, str(tmp_path / "acme.json"))
    assert there.store.load().entries[FINANCE].remote_id == "vlt_9"
    assert context(tmp_path).store.load().entries[FINANCE].remote_id == "vlt_1"


def test_nothing_migrates_from_a_place_without_a_state(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="there is no state in"):
        migrate_state(context(tmp_path), str(tmp_path / "nowhere.json"))


def test_a_place_with_a_password_in_it_is_not_migrated_from(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="that place carries a credential") as caught:
        migrate_state(context(tmp_path), "postgresql://ana:hush@db.example/x")
    assert "hush" not in f"{caught.value.message} {caught.value.help}"


def test_a_state_does_not_migrate_to_where_it_is(tmp_path: Path) -> None:
    there = context(tmp_path)
    own(there)
    with pytest.raises(Stop, match=r"is in .* already") as caught:
        migrate_state(there, str(tmp_path / "home" / ".." / "acme.json"))
    assert caught.value.code is Exit.USAGE


def test_a_record_beside_the_state_is_kept_encrypted(tmp_path: Path) -> None:
    there = context(tmp_path, path="acme.json", encryption={"key": {"env": "KEY"}})
    record = there.places.record("session")
    assert record.read() is None
    with record.hold(OWNER) as held:
        assert held.text is None
        held.write("hush")
        held.write("hush, hush")
        with pytest.raises(StateLocked), record.hold(OWNER):
            pass
    assert "hush" not in (tmp_path / "acme.json.session").read_text()
    assert there.places.record("session").read() == "hush, hush"
    own(there)
    (tmp_path / "acme.json.session").write_bytes((tmp_path / "acme.json").read_bytes())
    with pytest.raises(StateForeign, match=r"belongs to workspace dust/w1 \(state\)"):
        record.read()


def test_without_a_key_nothing_is_kept_beside_the_state(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="can only be kept encrypted"):
        context(tmp_path).places.record("session")


def test_a_key_that_is_too_short_is_said_where_it_is_asked_for(tmp_path: Path) -> None:
    there = context(tmp_path, path="acme.json", encryption={"key": {"env": "SHORT"}})
    with pytest.raises(Stop) as caught:
        there.store.load()
    (fault,) = caught.value.diagnostics.items
    assert fault.message == "the key that encrypts the state is too short"
    assert fault.span is not None
    assert "too-short" not in str(fault)


def test_a_key_that_can_not_be_had_is_said_where_it_is_asked_for(tmp_path: Path) -> None:
    there = context(tmp_path, path="acme.json", encryption={"key": {"env": "NOWHERE"}})
    with pytest.raises(Stop) as caught, there.store.session(owner=OWNER, tool="1.0"):
        pass
    assert "env:NOWHERE" in caught.value.diagnostics.items[0].message
    assert not (tmp_path / "acme.json").exists()


def test_a_migration_disowns_nothing_of_a_state_that_went_on_by_itself(tmp_path: Path) -> None:
    own(context(tmp_path))
    before = (tmp_path / "acme.json").read_text()
    there = context(tmp_path, path="new.json")
    migrate_state(there, str(tmp_path / "acme.json"))
    (tmp_path / "acme.json").write_text(before)
    own(context(tmp_path), "vlt_7")
    there = context(tmp_path, path="new.json")
    for number in (2, 3, 4):
        own(there, f"vlt_{number}")
    with pytest.raises(Stop, match="went on separately: only the latter owns Space vlt_7"):
        migrate_state(there, str(tmp_path / "acme.json"))
    assert context(tmp_path).store.load().entries[FINANCE].remote_id == "vlt_7"


def test_buckets_of_one_name_at_two_endpoints_are_two_places(tmp_path: Path) -> None:
    one, other = (
        context(tmp_path, url=f"s3://b/k.json?endpoint=https://{host}.example").store
        for host in ("one", "other")
    )
    assert (one.name, one.identity) == (other.name, "s3://b/k.json?endpoint=https://one.example")
    assert other.identity == "s3://b/k.json?endpoint=https://other.example"


@pytest.mark.parametrize("place", ["mysql://ana:hush@db.example/x", "POSTGRESQL://a:hush@db/x"])
def test_what_looks_like_a_url_is_never_taken_for_a_path(tmp_path: Path, place: str) -> None:
    there = context(tmp_path)
    with pytest.raises(Stop, match="that place") as caught:
        migrate_state(there, place)
    assert caught.value.code is Exit.USAGE
    assert "hush" not in f"{caught.value.message} {caught.value.help}"


def test_a_path_without_a_state_gets_no_folder_and_no_lock(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="there is no state in"):
        migrate_state(context(tmp_path), str(tmp_path / "nowhere" / "acme.json"))
    assert not (tmp_path / "nowhere").exists()


def test_an_altered_state_is_put_right_by_pushing_the_one_before(tmp_path: Path) -> None:
    there = context(tmp_path)
    text = own(there)
    file = tmp_path / "acme.json"
    file.write_text(file.read_text().replace("vlt_1", "vlt_7"))
    assert push(there, text)
    assert there.store.load().entries[FINANCE].remote_id == "vlt_1"


def test_a_state_that_lost_its_encryption_is_put_right_by_pushing_it(tmp_path: Path) -> None:
    there = context(tmp_path, path="acme.json", encryption={"key": {"env": "KEY"}})
    text = own(there)
    (tmp_path / "acme.json").write_text(text)
    assert push(there, text)
    assert "vlt_1" not in (tmp_path / "acme.json").read_text()
    assert pull_state(there) != text


def test_an_encrypted_state_is_pushed_with_the_key_that_the_manifests_name(tmp_path: Path) -> None:
    there = context(tmp_path, path="acme.json", encryption={"key": {"env": "KEY"}})
    own(there)
    sealed = (tmp_path / "acme.json").read_text()
    own(there, "vlt_2")
    assert push(there, sealed, "older-serial")
    assert there.store.load().entries[FINANCE].remote_id == "vlt_1"


@pytest.mark.parametrize(
    "way", [("MCPServer/a", "MCPServer/github"), ("MCPServer/b", "MCPServer/c")]
)
def test_nothing_is_renamed_while_a_creation_is_open(tmp_path: Path, way: tuple[str, str]) -> None:
    there = context(tmp_path)
    with there.store.session(owner=OWNER, tool="1.0") as held:
        held.put(Address("MCPServer", "a"), entry("rms_1"))
        held.put(Address("MCPServer", "b"), entry("rms_2"))
        held.intend(intent("github"))
        held.intend(intent("b"))
    before = there.store.load()
    with pytest.raises(Stop, match="was started, and nobody saw it end") as caught:
        move_address(there, *way)
    assert caught.value.help == ("apply first: it looks what happened",)
    assert there.store.load() == before


def test_nothing_is_renamed_to_where_a_sign_in_is_waited_for(tmp_path: Path) -> None:
    there = context(tmp_path)
    with there.store.session(owner=OWNER, tool="1.0") as held:
        held.put(Address("MCPServer", "a"), entry("rms_1"))
        held.ask(GITHUB, CONSENT)
    with pytest.raises(Stop, match="MCPServer/github waits for a sign-in"):
        move_address(there, "MCPServer/a", "MCPServer/github")


def test_looking_at_a_state_that_nobody_vouches_for_is_not_remembered(tmp_path: Path) -> None:
    there = context(tmp_path, path="acme.json", encryption={"key": {"env": "KEY"}})
    text = own(there)
    sealed = (tmp_path / "acme.json").read_text()
    serial = there.store.load().serial
    (tmp_path / "acme.json").write_text(text.replace(f'"serial": {serial}', '"serial": 999'))
    assert there.store.load(sealed=False).serial == 999
    (tmp_path / "acme.json").write_text(sealed)
    assert there.store.load().serial == serial
