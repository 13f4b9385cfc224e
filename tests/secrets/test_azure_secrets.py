"""Secrets in Azure Key Vault: the real library against a fake of ours at the wire."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from threading import Event
from types import MappingProxyType
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import CredentialUnavailableError
from azure.keyvault.secrets import SecretClient

from reconciler.diagnostics import Code
from reconciler.secrets import Pacing, Resolver, SecretFailure, Surroundings
from reconciler.secrets.azure import AzureBackend, default_client
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.secrets.outcomes import everything_said, failed, one, revealed
from tests.secrets.stores import resolving

PLACE = "acme-tools/github"
CHALLENGE = MappingProxyType(
    {
        "www-authenticate": 'Bearer authorization="https://login.example/tenant", '
        'resource="https://vault.azure.net"'
    }
)


class Diverted(RequestsTransport):  # type: ignore[misc] # it is found at run time
    """The way to the vault, which leads to the fake."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: Any, **more: Any) -> Any:
        meant = request.url
        request.url = meant.replace("https://acme-tools.vault.azure.net", self._url)
        try:
            return super().send(request, **more)
        finally:
            request.url = meant


class Credential:
    """Gives a token that must not show, or none."""

    def __init__(self, token: str | None = "canary-token") -> None:
        self._token = token

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        if self._token is None:
            raise CredentialUnavailableError("canary")
        return AccessToken(self._token, int(time.time()) + 3600)


@pytest.fixture
def azure() -> Iterator[ScriptedHttp]:
    with ScriptedHttp() as server:
        yield server


def asking(
    server: ScriptedHttp, token: str | None = "canary-token"
) -> AbstractContextManager[Resolver]:
    def make(vault: str) -> SecretClient:
        assert vault == "acme-tools"
        return SecretClient(
            vault_url="https://acme-tools.vault.azure.net",
            credential=Credential(token),
            retry_total=0,
            transport=Diverted(server.url),
        )

    return resolving("azure", lambda around: AzureBackend(around, make))


def holds(server: ScriptedHttp, *replies: Reply, path: str = "/secrets/github/") -> None:
    """The vault asks for a token first, as it does, and then answers."""
    server.on("GET", path, Reply(status=401, headers=dict(CHALLENGE)), *replies)


def secret(value: object) -> Reply:
    return Reply(json={"value": value, "id": "https://acme-tools.vault.azure.net/secrets/github/1"})


def fault(status: int, headers: Mapping[str, str] = MappingProxyType({})) -> Reply:
    body = {"error": {"code": "Canary", "message": "canary"}}
    return Reply(status=status, json=body, headers=dict(headers))


def refusal(server: ScriptedHttp, token: str | None = "canary-token") -> SecretFailure:
    with asking(server, token) as resolver:
        found = failed(one(resolver, "azure", PLACE))
    assert "canary" not in everything_said(found).lower()
    return found


def test_the_latest_version_is_read(azure: ScriptedHttp) -> None:
    holds(azure, secret("canary-1"))
    with asking(azure) as resolver:
        assert revealed(one(resolver, "azure", PLACE)) == "canary-1"
    assert azure.log[-1].headers["authorization"] == "Bearer canary-token"


def test_another_version_is_read_when_it_is_named(azure: ScriptedHttp) -> None:
    holds(azure, secret("canary-2"), path="/secrets/github/0123abcd")
    with asking(azure) as resolver:
        assert revealed(one(resolver, "azure", f"{PLACE}/0123abcd")) == "canary-2"


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (fault(404), Code.SECRET_MISSING),
        (fault(403), Code.SECRET_DENIED),
        (fault(400), Code.SECRET_UNREACHABLE),
        (secret(None), Code.SECRET_EMPTY),
        (secret("canary\n"), Code.SECRET_MALFORMED),
    ],
)
def test_a_refusal_is_told_and_not_tried_again(
    azure: ScriptedHttp, reply: Reply, code: Code
) -> None:
    holds(azure, reply)
    assert refusal(azure).code is code
    assert len(azure.log) == 2


@pytest.mark.parametrize("passing", [fault(503), fault(429, {"Retry-After": "0"})])
def test_a_passing_failure_is_tried_again_in_bounds(azure: ScriptedHttp, passing: Reply) -> None:
    holds(azure, passing)
    assert refusal(azure).code is Code.SECRET_UNREACHABLE
    assert len(azure.log) == 4


def test_a_broken_connection_is_tried_again(azure: ScriptedHttp) -> None:
    holds(azure, Reply(fault="hang-up"), secret("canary-1"))
    with asking(azure) as resolver:
        assert revealed(one(resolver, "azure", PLACE)) == "canary-1"


@pytest.mark.parametrize("body", [b"<html>canary", b"[]", b'"canary"', b""])
def test_an_answer_that_is_not_key_vault_s_is_told(azure: ScriptedHttp, body: bytes) -> None:
    holds(azure, Reply(body=body))
    refusal(azure)


def test_without_credentials_it_says_how_to_sign_in(azure: ScriptedHttp) -> None:
    holds(azure, secret("canary"))
    found = refusal(azure, token=None)
    assert found.code is Code.SECRET_DENIED
    assert "az login" in found.help[0]


def test_neither_the_token_nor_the_value_is_logged(
    azure: ScriptedHttp, caplog: pytest.LogCaptureFixture
) -> None:
    holds(azure, secret("canary-1"))
    with caplog.at_level(logging.DEBUG), asking(azure) as resolver:
        revealed(one(resolver, "azure", PLACE))
    assert "canary" not in caplog.text


@pytest.mark.parametrize(
    ("authority", "url"),
    [
        ("", "https://acme-tools.vault.azure.net"),
        ("https://login.microsoftonline.com/", "https://acme-tools.vault.azure.net"),
        ("https://login.microsoftonline.us", "https://acme-tools.vault.usgovcloudapi.net"),
        ("login.chinacloudapi.cn", "https://acme-tools.vault.azure.cn"),
    ],
)
def test_a_vault_is_a_host_of_the_cloud_that_one_signs_in_to(authority: str, url: str) -> None:
    around = Surroundings(
        environ={"AZURE_AUTHORITY_HOST": authority},
        timeout=1,
        stop=Event(),
        workers=1,
        pacing=Pacing(),
    )
    client = default_client(around)("acme-tools")
    assert client.vault_url == url
    client.close()


@pytest.mark.parametrize(
    "locator",
    ["", "github", "evil.example/github", "a/github", "acme--tools/github", "-acme/github",
     "acme-/github", "acme-tools/git_hub", "acme-tools/a/b/c", "https://acme.vault.azure.net/a",
     "acme@evil/github", "acme:1/github", "a" * 25 + "/github", "acme-tools/../x",
     "acme-tools/a\n"],
)  # fmt: skip
def test_what_is_no_vault_and_secret_is_malformed_and_never_asked_for(
    azure: ScriptedHttp, locator: str
) -> None:
    with asking(azure) as resolver:
        found = failed(one(resolver, "azure", locator))
    assert (found.code, "`vault/secret`" in found.message) == (Code.SECRET_MALFORMED, True)
    assert azure.log == []
