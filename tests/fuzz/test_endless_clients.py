"""Answers without end or measure, to every other client than the workspace's: each gives up."""

import gc
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from reconciler.forges import ForgeError, GitHub, Patience
from reconciler.providers import ProviderError
from reconciler.providers.dust.signin import LoginProvider
from reconciler.providers.dust.signin.login_client import LoginClient
from reconciler.resources import SecretRef
from reconciler.secrets import Pacing, Resolver, Secret, SecretFailure
from reconciler.secrets.libraries import LEFT_BEHIND
from reconciler.state import StateError, Tries
from tests.fuzz.test_endless_answers import FAST, SLOW
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.state.places import Place

Ask = Callable[[ScriptedHttp, float], str]


@pytest.fixture
def web() -> Iterator[ScriptedHttp]:
    """An HTTP server that answers as scripted."""
    with ScriptedHttp() as server:
        yield server
    # A library that never came back was left behind, with its connection: nobody closes that one.
    for thread in threading.enumerate():
        if thread.name == LEFT_BEHIND:
            thread.join(30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def of_a_forge(web: ScriptedHttp, seconds: float) -> str:
    """How reading a list of GitHub fails."""
    patience = Patience(attempts=1, timeout=seconds)
    github = GitHub(url=web.url, repository="acme/tools", token=Secret("t"), patience=patience)
    with closing(github), pytest.raises(ForgeError) as failed:
        github.merged("c" * 40)
    return failed.value.message


def of_a_state_server(web: ScriptedHttp, seconds: float) -> str:
    """How reading a state fails."""
    shelf = Place(url=f"{web.url}/state").shelf(tries=Tries(attempts=1, seconds=seconds))
    with pytest.raises(StateError) as failed:
        shelf.read()
    return failed.value.message


def of_an_identity_provider(web: ScriptedHttp, seconds: float) -> str:
    """How beginning a device login fails."""
    provider = LoginProvider(origin=web.url, client_id="client_x")
    with LoginClient(provider, seconds=10 * seconds) as client:
        with pytest.raises(ProviderError) as failed:
            client.begin()
        return failed.value.message


def of_a_vault(web: ScriptedHttp, seconds: float) -> str:
    """How reading a secret of Vault fails."""
    environ = {"VAULT_ADDR": web.url, "VAULT_TOKEN": "hvs.x"}
    pacing = Pacing(attempts=1)
    reference = SecretRef("vault", "secret/app#token")
    with Resolver(environ=environ, timeout=seconds, pacing=pacing) as resolver:
        found = resolver.resolve([reference])[reference]
    assert isinstance(found, SecretFailure)
    return found.message


CLIENTS: dict[str, tuple[Ask, str, str]] = {
    "forge": (of_a_forge, "GET", f"/repos/acme/tools/commits/{'c' * 40}/pulls"),
    "state": (of_a_state_server, "GET", "/state"),
    "login": (of_an_identity_provider, "POST", "/user_management/authorize/device"),
    "vault": (of_a_vault, "GET", "/v1/sys/internal/ui/mounts/secret/app"),
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("answer", SLOW)
def test_an_answer_that_only_keeps_the_line_alive_is_given_up(
    web: ScriptedHttp, client: str, answer: str
) -> None:
    ask, method, path = CLIENTS[client]
    web.on(method, path, Reply(raw=SLOW[answer], pace=0.01))
    assert ask(web, 0.1)


SAID = {
    "forge": "127.0.0.1 sends more than 16 MiB in one answer",
    "state": "the server sends more than 64 MiB in one answer",
    "login": "sends more than 1 MiB in one answer",
    "vault": "sends more than 4 MiB in one answer",
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("answer", FAST)
def test_an_answer_that_swells_is_given_up(web: ScriptedHttp, client: str, answer: str) -> None:
    ask, method, path = CLIENTS[client]
    web.on(method, path, Reply(raw=FAST[answer]))
    said = ask(web, 20)
    if answer in ("an-endless-body", "a-bomb"):
        assert SAID[client] in said


@pytest.mark.parametrize("client", ["forge", "login", "vault"])  # a state is fuzzed by itself
@pytest.mark.parametrize("status", [200, 400])
def test_json_that_nests_too_deep_is_no_answer(web: ScriptedHttp, client: str, status: int) -> None:
    ask, method, path = CLIENTS[client]
    web.on(method, path, Reply(status=status, body=b"[" * 100_000 + b"]" * 100_000))
    assert ask(web, 20)
