"""What a Vault server or the network does wrong: told clearly, retried in bounds, no token lost."""

import importlib
import socket
import sys
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import pytest

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets import Pacing, Resolver
from tests.parts.vault_fake import Fault, VaultFake
from tests.secrets.outcomes import everything_said, failed, one, revealed

Make = Callable[..., Resolver]
APP = "secret/app#token"


@pytest.fixture(autouse=True)
def _stored(vault: VaultFake) -> None:
    vault.put("secret/app", {"token": "canary-1"})
    vault.put("secret/other", {"token": "canary-2"})


class Recorded(Event):
    """An interruption that never comes, and remembers how long it was waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(-1.0 if timeout is None else timeout)
        return self.is_set()


@pytest.mark.parametrize("status", [412, 429, 472, 473, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again(vault: VaultFake, resolver: Make, status: int) -> None:
    vault.faults += [Fault(status=status), Fault(status=status)]
    assert revealed(one(resolver(), "vault", APP)) == "canary-1"


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_lasting_failure_is_given_up(vault: VaultFake, resolver: Make, status: int) -> None:
    vault.always = Fault(status=status)
    found = failed(one(resolver(), "vault", APP))
    assert found.code is Code.SECRET_UNREACHABLE
    assert f"({status})" in found.message
    assert len(vault.requests) == 3


def test_pauses_grow_are_bounded_and_never_the_whole_of_the_limit(
    vault: VaultFake, resolver: Make
) -> None:
    vault.always = Fault(status=500)
    stop = Recorded()
    pacing = Pacing(attempts=5, first=1.0, ceiling=4.0)
    failed(one(resolver(stop=stop, pacing=pacing), "vault", APP))
    assert len(stop.waits) == 4
    for pause, limit in zip(stop.waits, [1.0, 2.0, 4.0, 4.0], strict=True):
        assert limit / 2 <= pause <= limit


def test_retry_after_is_the_least_that_is_waited(vault: VaultFake, resolver: Make) -> None:
    vault.faults.append(Fault(status=429, headers={"Retry-After": "7"}))
    stop = Recorded()
    assert revealed(one(resolver(stop=stop), "vault", APP)) == "canary-1"
    assert [7.0 <= pause < 8.0 for pause in stop.waits] == [True]


def test_more_patience_than_we_have_is_not_waited_for(vault: VaultFake, resolver: Make) -> None:
    vault.always = Fault(status=429, headers={"Retry-After": "3600"})
    stop = Recorded()
    found = failed(one(resolver(stop=stop), "vault", APP))
    assert "it asked for 3600 s of patience" in found.message
    assert (stop.waits, len(vault.requests)) == ([], 1)


@pytest.mark.parametrize("text", ["soon", "-1", "Wed, 21 Oct 2026 07:28:00 GMT", "9" * 400])
def test_a_retry_after_that_is_no_number_leaves_our_own_pace(
    vault: VaultFake, resolver: Make, text: str
) -> None:
    vault.faults.append(Fault(status=503, headers={"Retry-After": text}))
    stop = Recorded()
    assert revealed(one(resolver(stop=stop), "vault", APP)) == "canary-1"
    assert [pause < 1 for pause in stop.waits] == [True]


def test_an_interruption_ends_a_pause(vault: VaultFake, resolver: Make) -> None:
    vault.always = Fault(status=503, headers={"Retry-After": "3600"})
    stop = Event()
    patient = resolver(stop=stop, pacing=Pacing(patience=7200))

    def interrupt_when_asked() -> None:
        while not vault.requests:
            stop.wait(0.005)
        stop.set()

    interrupting = Thread(target=interrupt_when_asked)
    interrupting.start()
    found = failed(one(patient, "vault", APP))
    interrupting.join()
    assert found.code is Code.SECRET_UNREACHABLE


def test_a_sealed_vault_is_named_and_not_asked_for_every_path(
    vault: VaultFake, resolver: Make
) -> None:
    vault.sealed = True
    found = resolver(workers=1).resolve(
        SecretRef("vault", f"secret/app{number}#token") for number in range(20)
    )
    assert all("is sealed or in maintenance" in failed(one).message for one in found.values())
    assert len(vault.requests) == 3


def test_a_standby_node_is_named(vault: VaultFake, resolver: Make) -> None:
    vault.always = Fault(status=473)
    found = failed(one(resolver(), "vault", APP))
    assert "is a standby node (473)" in found.message
    assert found.help == ("set VAULT_ADDR to the active node",)


def test_an_uninitialised_vault_is_named_at_once(vault: VaultFake, resolver: Make) -> None:
    vault.always = Fault(status=501)
    assert "is not initialised" in failed(one(resolver(), "vault", APP)).message
    assert len(vault.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_and_the_token_never_reaches_the_other_host(
    vault: VaultFake, resolver: Make, status: int
) -> None:
    with VaultFake(host="127.0.0.2") as other:
        other.put("secret/app", {"token": "planted"})
        vault.always = Fault(status=status, headers={"Location": f"{other.url}/v1/secret/data/app"})
        found = failed(one(resolver(), "vault", APP))
        assert other.requests == []
    assert found.code is Code.SECRET_UNREACHABLE
    assert f"answered with a redirect ({status}), which is not followed" in found.message
    assert "127.0.0.2" not in everything_said(found)


def test_a_redirect_of_the_reading_alone_is_refused_too(vault: VaultFake, resolver: Make) -> None:
    one(patient := resolver(workers=1), "vault", "secret/other#token")
    with VaultFake(host="127.0.0.2") as other:
        vault.faults.append(Fault(status=307, headers={"Location": other.url}))
        found = failed(one(patient, "vault", APP))
        assert other.requests == []
    assert "redirect (307)" in found.message


def test_a_server_that_hangs_is_given_up(vault: VaultFake, resolver: Make) -> None:
    vault.always = Fault(hang=True)
    found = failed(one(resolver(timeout=0.1), "vault", APP))
    assert found.code is Code.SECRET_UNREACHABLE
    assert "did not answer within 0.1 s" in found.message


def test_a_dropped_connection_is_tried_again(vault: VaultFake, resolver: Make) -> None:
    vault.faults += [Fault(drop=True), Fault(drop=True)]
    assert revealed(one(resolver(), "vault", APP)) == "canary-1"


def test_connections_that_always_drop_are_given_up(vault: VaultFake, resolver: Make) -> None:
    vault.always = Fault(drop=True)
    found = failed(one(resolver(), "vault", APP))
    assert found.code is Code.SECRET_UNREACHABLE
    assert f"the connection to {vault.url} broke" in found.message


def test_a_closed_port_is_unreachable(resolver: Make) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        found = failed(one(resolver(environ={"VAULT_ADDR": url}), "vault", APP))
    assert found.code is Code.SECRET_UNREACHABLE
    assert f"{url} refuses connections" in found.message


BODIES: dict[str, bytes] = {
    "HTML": b"<html>canary</html>",
    "nothing": b"",
    "a list": b'["canary"]',
    "deep": b"[" * 100_000,
    "no data": b'{"canary": 1}',
    "data of another type": b'{"data": "canary"}',
    "another mount": b'{"data": {"path": "canary/", "type": "kv"}}',
    "not UTF-8": b"\xff\xfe",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_an_answer_that_is_not_vault_s_is_malformed_and_not_quoted(
    vault: VaultFake, resolver: Make, body: bytes
) -> None:
    vault.always = Fault(status=200, body=body)
    found = failed(one(resolver(), "vault", APP))
    assert found.code is Code.SECRET_MALFORMED
    assert "canary" not in everything_said(found)


def test_an_answer_without_end_is_cut_off(vault: VaultFake, resolver: Make) -> None:
    vault.always = Fault(status=200, body=b" " * (5 * 1024 * 1024))
    found = failed(one(resolver(), "vault", APP))
    assert f"{vault.url} sends more than 4 MiB in one answer" in found.message


@pytest.mark.parametrize("status", [400, 405, 418])
def test_a_refused_request_is_unreachable_and_its_body_not_quoted(
    vault: VaultFake, resolver: Make, status: int
) -> None:
    vault.always = Fault(status=status, body=b'{"errors": ["canary hvs.fake-root-token"]}')
    found = failed(one(resolver(), "vault", APP))
    assert found.code is Code.SECRET_UNREACHABLE
    assert f"refused the request ({status})" in found.message
    assert "canary" not in everything_said(found)
    assert "hvs." not in everything_said(found)


def test_a_missing_hvac_says_what_to_install(
    vault: VaultFake, resolver: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "hvac", None)
    found = failed(one(resolver(), "vault", APP))
    assert found.code is Code.SECRET_UNREACHABLE
    assert found.help == ("install it: pip install 'reconciler[vault]'",)


def test_cookies_of_the_server_are_not_kept(vault: VaultFake, resolver: Make) -> None:
    shared = resolver(workers=1)
    vault.faults.append(Fault(status=500, headers={"Set-Cookie": "sticky=1; Path=/"}))
    assert revealed(one(shared, "vault", APP)) == "canary-1"
    client: Any = importlib.import_module("reconciler.secrets.vault_client")
    backend: Any = shared._opened[0]
    assert isinstance(backend._client, client.VaultClient)
    assert len(backend._client._wire._session.cookies) == 0
