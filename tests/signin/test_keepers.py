"""What holds of every place for a session that several machines share."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.providers.dust.signin import (
    Ended,
    KeeperTrouble,
    KeptSession,
    LoginProvider,
    Overtaken,
    Renewing,
    Tokens,
    Why,
)
from reconciler.providers.dust.signin.state_keeper import StateKeeper
from reconciler.secrets import Secret
from reconciler.state import FileShelf, Keys, Owner, SealedRecord, Witness
from tests.parts.vault_fake import Fault, VaultFake, Version
from tests.signin.machines import KINDS, Machines, places, session_of, vault_keeper
from tests.state.places import KEY

_PROVIDER = LoginProvider(origin="http://127.0.0.1:9", client_id="client")
_PLACE = "secret/ci/dust#session"


def session(name: str = "first", generation: int = 1) -> KeptSession:
    tokens = Tokens(access=Secret(f"access-{name}"), refresh=Secret(f"refresh-{name}"))
    return replace(session_of(_PROVIDER, tokens), generation=generation)


def access(kept: KeptSession | None) -> str | None:
    return kept.tokens.access.reveal() if kept and kept.tokens else None


@pytest.fixture(scope="module", params=KINDS)
def making(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Machines]]:
    with places(request.param, tmp_path_factory.mktemp("keepers")) as made:
        yield made


@pytest.fixture
def machines(making: Callable[[], Machines]) -> Machines:
    return making()


@pytest.fixture
def vault() -> Iterator[VaultFake]:
    with VaultFake() as fake:
        yield fake


def test_what_one_machine_writes_another_reads_whole(machines: Machines) -> None:
    assert machines.keeper().read() == (None, 0)
    now = datetime.now(UTC)
    renewing = Renewing(id="1", by="ci@runner:1", job=None, since=now, until=now, left=True)
    written = replace(session(generation=7), renewing=renewing)
    machines.keeper().write(written, 0)
    found, version = machines.keeper().read()
    assert found is not None
    assert access(found) == "access-first"
    assert replace(found, tokens=None) == replace(written, tokens=None)
    assert version > 0
    over = written.over(Ended(why=Why.LOST, at=now, by="ci@runner:1"))
    machines.keeper().write(over, version)
    assert machines.keeper().read()[0] == over


def test_of_two_that_write_at_once_one_is_told(machines: Machines) -> None:
    one, other = machines.keeper(), machines.keeper()
    one.start(session())
    version = one.read()[1]
    assert other.read()[1] == version
    after = one.write(session("second"), version)
    with pytest.raises(Overtaken):
        other.write(session("third"), version)
    assert access(other.read()[0]) == "access-second"
    other.write(session("third"), after)
    with pytest.raises(Overtaken):
        one.write(session("fourth"), after)


def test_a_new_session_takes_the_place_of_any(machines: Machines) -> None:
    machines.keeper().start(session())
    machines.keeper().start(session("second"))
    assert access(machines.keeper().read()[0]) == "access-second"


def test_other_keys_at_the_path_in_vault_stay(vault: VaultFake) -> None:
    vault.put("secret/ci/dust", {"other": "theirs"})
    keeper = vault_keeper(vault, _PLACE)
    assert keeper.read() == (None, 1)
    keeper.start(session())
    latest = vault.mounts["secret"].secrets["ci/dust"][-1].data
    assert latest is not None
    assert latest["other"] == "theirs"
    assert access(keeper.read()[0]) == "access-first"


def test_a_session_that_was_deleted_in_vault_is_none_and_may_be_stored_anew(
    vault: VaultFake,
) -> None:
    keeper = vault_keeper(vault, _PLACE)
    keeper.start(session())
    vault.mounts["secret"].secrets["ci/dust"][-1].deleted = True
    assert keeper.read() == (None, 1)
    keeper.start(session("second"))
    assert access(keeper.read()[0]) == "access-second"


@pytest.mark.parametrize("there", [{"session": "canary, a static token"}, {"session": {"a": 1}}])
def test_what_is_no_session_in_vault_is_neither_used_nor_overwritten(
    vault: VaultFake, there: dict[str, object]
) -> None:
    vault.put("secret/ci/dust", there)
    keeper = vault_keeper(vault, _PLACE)
    for attempt in (keeper.read, lambda: keeper.start(session())):
        with pytest.raises(KeeperTrouble, match="is no session") as caught:
            attempt()
        assert "canary" not in str(caught.value)
    assert len(vault.mounts["secret"].secrets["ci/dust"]) == 1


@pytest.mark.parametrize(
    "fault", [Fault(drop=True), Fault(status=502)], ids=["no answer", "bad gateway"]
)
@pytest.mark.parametrize("after", [False, True], ids=["not done", "done"])
def test_a_write_whose_answer_was_lost_is_done_once(
    vault: VaultFake, fault: Fault, after: bool
) -> None:
    keeper = vault_keeper(vault, _PLACE)
    keeper.start(session())
    version = keeper.read()[1]
    vault.faults.append(replace(fault, after=after))
    assert keeper.write(session("second"), version) == version + 1
    assert access(vault_keeper(vault, _PLACE).read()[0]) == "access-second"
    assert len(vault.mounts["secret"].secrets["ci/dust"]) == 2


@pytest.mark.parametrize("preflight", ["denied", "absent"])
def test_where_vault_does_not_tell_the_mount_it_is_the_first_part(
    vault: VaultFake, preflight: str
) -> None:
    vault.preflight = preflight
    keeper = vault_keeper(vault, _PLACE)
    keeper.start(session())
    assert access(keeper.read()[0]) == "access-first"
    assert "`secret/data/ci/dust`" in " ".join(keeper.needs()).replace('"', "`")


def test_vault_says_which_capability_is_missing(vault: VaultFake) -> None:
    vault_keeper(vault, _PLACE).start(session())
    vault.policies["t.stranger"] = ("secret/data/else", "sys/*")
    with pytest.raises(KeeperTrouble, match=r"Vault at .* denies it") as caught:
        vault_keeper(vault, _PLACE, "t.stranger").read()
    assert "grants `read` on `secret/data/ci/dust`" in " ".join(caught.value.help)
    vault.mounts["secret"].read_only = {"t.reader"}
    vault.policies["t.reader"] = ("*",)
    reader = vault_keeper(vault, _PLACE, "t.reader")
    with pytest.raises(KeeperTrouble, match=r"can't be written: Vault at .* denies it") as caught:
        reader.write(session(), reader.read()[1])
    assert "`update` on `secret/data/ci/dust`" in " ".join(caught.value.help)


def test_a_vault_that_was_sealed_is_asked_anew(vault: VaultFake) -> None:
    keeper = vault_keeper(vault, _PLACE)
    keeper.start(session())
    vault.sealed = True
    with pytest.raises(KeeperTrouble, match="is sealed") as caught:
        keeper.read()
    assert "unseal it" in caught.value.help[0]
    vault.sealed = False
    assert access(keeper.read()[0]) == "access-first"


def test_a_store_of_version_1_is_refused(vault: VaultFake) -> None:
    with pytest.raises(KeeperTrouble, match="KV store of version 1"):
        vault_keeper(vault, "kv1/ci/dust#session").read()


def beside(folder: Path, workspace: str = "w1") -> StateKeeper:
    """A keeper of a workspace, in a file, on a machine that remembers."""
    record = SealedRecord(
        shelf=FileShelf(folder / "acme.json.session"),
        what="session",
        provider="dust",
        workspace_id=workspace,
        keys=Keys(current=KEY),
        witness=Witness(folder=folder / "seen"),
    )
    owner = Owner(user="ci", host="runner", pid=1)
    return StateKeeper(record=record, owner=owner, key="env:KEY", again=("store a new one",))


def test_a_session_of_another_workspace_is_neither_read_nor_written_over(tmp_path: Path) -> None:
    beside(tmp_path).start(session())
    other = beside(tmp_path, "w2")
    for attempt in (other.read, lambda: other.start(session("second"))):
        with pytest.raises(
            KeeperTrouble, match=r"the session in .* belongs to workspace"
        ) as caught:
            attempt()
        assert caught.value.help == ("give each workspace a place of its own in `spec.state`",)
    assert access(beside(tmp_path).read()[0]) == "access-first"


def test_an_old_session_that_was_put_back_is_refused_and_a_new_one_is_not(tmp_path: Path) -> None:
    keeper, path = beside(tmp_path), tmp_path / "acme.json.session"
    keeper.start(session())
    old = path.read_bytes()
    keeper.start(session("second"))
    path.write_bytes(old)
    with pytest.raises(KeeperTrouble, match=r"the session in .* went back") as caught:
        keeper.read()
    assert caught.value.help == ("store a new one",)
    keeper.start(session("third"))
    assert access(keeper.read()[0]) == "access-third"


def test_a_session_that_was_destroyed_in_vault_is_none(vault: VaultFake) -> None:
    vault.mounts["secret"].secrets["ci/dust"] = [Version(data=None)]
    assert vault_keeper(vault, _PLACE).read() == (None, 1)
