"""The life of a Vault token that we got: renewed in time, got again when it ended, given back."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Event

import pytest

from reconciler.secrets import Pacing, Secret, Surroundings
from reconciler.secrets.trouble import Trouble
from reconciler.secrets.vault_answers import version_number
from reconciler.secrets.vault_client import VaultClient
from reconciler.secrets.vault_faults import (
    VaultConflict,
    VaultDenied,
    VaultOutcomeUnknown,
    VaultSealed,
)
from reconciler.secrets.vault_settings import read_settings
from tests.parts.vault_auth_fake import AppRole
from tests.parts.vault_fake import Fault, VaultFake

Open = Callable[..., VaultClient]


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(vault: VaultFake, clock: Clock) -> Iterator[Open]:
    """Opens clients that sign in by AppRole, or with the environment given."""
    vault.put("secret/app", {"token": "canary-1"})
    vault.auth.approle["approle"] = [AppRole(role_id="role", secret_ids={"canary-id": 0})]
    approle = {"VAULT_ADDR": vault.url, "VAULT_ROLE_ID": "role", "VAULT_SECRET_ID": "canary-id"}
    with ExitStack() as stack:

        def make(environ: dict[str, str] = approle) -> VaultClient:
            surroundings = Surroundings(
                environ=environ,
                timeout=10,
                stop=Event(),
                workers=2,
                pacing=Pacing(attempts=3, first=0.001, ceiling=0.002),
            )
            client = VaultClient(read_settings(environ), surroundings, clock)
            stack.callback(client.close)
            return client

        yield make


def read(client: VaultClient) -> int:
    return client.read_v2("secret", "app").status


def count(vault: VaultFake, call: str) -> int:
    return len([path for path in vault.paths("POST") if path.endswith(call)])


def test_within_the_lease_one_login_is_enough(vault: VaultFake, opened: Open, clock: Clock) -> None:
    client = opened()
    assert [read(client), read(client)] == [200, 200]
    clock.now += 3600 * 0.5
    assert read(client) == 200
    assert (count(vault, "/login"), count(vault, "/renew-self")) == (1, 0)


def test_a_lease_that_nears_its_end_is_renewed(
    vault: VaultFake, opened: Open, clock: Clock
) -> None:
    client = opened()
    for _ in range(3):
        assert read(client) == 200
        clock.now += 3600 * 0.8
    assert (count(vault, "/login"), count(vault, "/renew-self")) == (1, 2)


def test_a_token_that_can_t_be_renewed_is_got_again_before_it_ends(
    vault: VaultFake, opened: Open, clock: Clock
) -> None:
    vault.auth.renewable = False
    client = opened()
    assert read(client) == 200
    clock.now += 3600 * 0.8
    assert read(client) == 200
    assert (count(vault, "/login"), count(vault, "/renew-self")) == (2, 0)


def test_a_renewal_that_is_refused_leads_to_a_new_login(
    vault: VaultFake, opened: Open, clock: Clock
) -> None:
    client = opened()
    assert read(client) == 200
    vault.auth.end()
    clock.now += 3600
    assert read(client) == 200
    assert count(vault, "/login") == 2


def test_a_renewal_that_gives_hardly_any_time_leads_to_a_new_login(
    vault: VaultFake, opened: Open, clock: Clock
) -> None:
    vault.auth.renewed_ttl = 1
    client = opened()
    assert read(client) == 200
    clock.now += 3600 * 0.8
    assert read(client) == 200
    assert count(vault, "/login") == 2


def test_a_token_that_ended_early_is_got_again_once(vault: VaultFake, opened: Open) -> None:
    client = opened()
    assert read(client) == 200
    vault.auth.end()
    assert read(client) == 200
    assert count(vault, "/login") == 2


def test_a_policy_that_denies_is_not_taken_for_a_token_that_ended(
    vault: VaultFake, opened: Open
) -> None:
    vault.auth.granted = ("secret/data/other",)
    assert read(opened()) == 403
    assert count(vault, "/login") == 1


def test_a_fresh_token_that_is_denied_too_is_the_last_that_is_got_for_a_denial(
    vault: VaultFake, opened: Open
) -> None:
    vault.auth.granted, vault.auth.mute = ("secret/data/other",), True
    client = opened()
    assert [read(client) for _ in range(3)] == [403] * 3
    assert count(vault, "/login") == 2


def test_a_token_of_somebody_else_is_neither_renewed_nor_got_again_nor_given_back(
    vault: VaultFake, opened: Open, clock: Clock
) -> None:
    client = opened(vault.environ)
    assert read(client) == 200
    clock.now += 10**9
    assert read(client) == 200
    vault.policies.clear()
    assert read(client) == 403
    client.close()
    assert vault.paths("POST") == []


def test_a_token_that_we_got_is_given_back_at_the_end(vault: VaultFake, opened: Open) -> None:
    client = opened()
    assert read(client) == 200
    client.close()
    assert [lease.revoked for lease in vault.auth.leases.values()] == [True]


def test_a_batch_token_is_not_given_back_since_it_can_t_be(vault: VaultFake, opened: Open) -> None:
    vault.auth.token_type = "batch"
    client = opened()
    assert read(client) == 200
    client.close()
    assert count(vault, "/revoke-self") == 0


@pytest.mark.parametrize("fault", [Fault(status=500), Fault(drop=True), Fault(status=503)])
def test_a_token_that_can_t_be_given_back_is_left_to_its_lease(
    vault: VaultFake, opened: Open, fault: Fault
) -> None:
    client = opened()
    assert read(client) == 200
    vault.always = fault
    client.close()
    assert count(vault, "/revoke-self") == 1


def test_a_client_that_never_asked_has_nothing_to_give_back(vault: VaultFake, opened: Open) -> None:
    opened().close()
    assert vault.requests == []


def write(client: VaultClient, cas: int) -> int:
    return client.write_v2("secret", "session", {"refresh": Secret("canary-2")}, cas)


def test_a_write_gives_the_number_of_the_new_version(vault: VaultFake, opened: Open) -> None:
    client = opened()
    assert [write(client, 0), write(client, 1)] == [1, 2]
    (_, latest) = vault.mounts["secret"].secrets["session"]
    assert latest.data == {"refresh": "canary-2"}


def test_what_is_read_says_which_version_the_next_write_stands_upon(
    vault: VaultFake, opened: Open
) -> None:
    client = opened()
    for expected in (0, 1, 2):
        assert version_number(client.read_v2("secret", "session")) == expected
        assert write(client, expected) == expected + 1
    vault.mounts["secret"].secrets["session"][-1].deleted = True
    assert write(client, version_number(client.read_v2("secret", "session"))) == 4


def test_a_write_upon_another_version_than_the_latest_is_a_conflict(
    vault: VaultFake, opened: Open
) -> None:
    client = opened()
    write(client, 0)
    with pytest.raises(VaultConflict):
        write(client, 0)
    assert len(vault.mounts["secret"].secrets["session"]) == 1


def test_a_write_that_no_policy_grants_is_denied_and_the_policy_path_named(
    vault: VaultFake, opened: Open
) -> None:
    vault.auth.granted = ("secret/data/app",)
    with pytest.raises(VaultDenied) as caught:
        write(opened(), 0)
    assert "`create` and `update` on `secret/data/session`" in caught.value.advice[0]


def test_a_write_to_a_sealed_vault_says_so(vault: VaultFake, opened: Open) -> None:
    client = opened()
    read(client)
    vault.sealed = True
    with pytest.raises(VaultSealed):
        write(client, 0)


@pytest.mark.parametrize("fault", [Fault(drop=True), Fault(status=500), Fault(status=502)])
def test_a_write_whose_answer_is_lost_is_not_sent_again(
    vault: VaultFake, opened: Open, fault: Fault
) -> None:
    client = opened()
    read(client)
    vault.faults.append(fault)
    with pytest.raises(VaultOutcomeUnknown) as caught:
        write(client, 0)
    assert vault.paths("POST").count("/v1/secret/data/session") == 1
    assert "may have been written or not" in caught.value.problem
    assert "canary" not in str(caught.value)


def test_a_write_that_was_certainly_not_done_is_tried_again(vault: VaultFake, opened: Open) -> None:
    client = opened()
    read(client)
    vault.faults += [Fault(status=429), Fault(status=412)]
    assert write(client, 0) == 1


def test_a_write_to_what_is_no_store_of_version_2_is_refused(
    vault: VaultFake, opened: Open
) -> None:
    with pytest.raises(Trouble, match="refused the request"):
        opened().write_v2("absent", "session", {"a": Secret("canary")}, 0)
