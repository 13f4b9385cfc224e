"""TLS to Vault: a CA of one's own works, any other fails with the reason."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.diagnostics import Code
from reconciler.secrets import Pacing, Resolver
from tests.parts.certificates import Authority
from tests.parts.vault_fake import VaultFake
from tests.secrets.outcomes import everything_said, failed, one, revealed

APP = "secret/app#token"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.new("ours")


@pytest.fixture
def vault(authority: Authority, tmp_path: Path) -> Iterator[VaultFake]:
    with VaultFake(tls=authority.server(tmp_path, "127.0.0.1")) as fake:
        fake.put("secret/app", {"token": "canary-1"})
        yield fake


def resolver(vault: VaultFake, **environ: str) -> Resolver:
    return Resolver(environ={**vault.environ, **environ}, pacing=Pacing(first=0.001))


def test_a_server_signed_by_the_ca_of_vault_cacert_is_trusted(
    vault: VaultFake, authority: Authority, tmp_path: Path
) -> None:
    with resolver(vault, VAULT_CACERT=authority.pem(tmp_path)) as trusting:
        assert revealed(one(trusting, "vault", APP)) == "canary-1"


def test_ssl_cert_file_is_honoured_too(
    vault: VaultFake, authority: Authority, tmp_path: Path
) -> None:
    with resolver(vault, SSL_CERT_FILE=authority.pem(tmp_path)) as trusting:
        assert revealed(one(trusting, "vault", APP)) == "canary-1"


def test_vault_cacert_goes_before_the_environment_of_requests(
    vault: VaultFake, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", Authority.new("theirs").pem(tmp_path))
    with resolver(vault, VAULT_CACERT=authority.pem(tmp_path)) as trusting:
        assert revealed(one(trusting, "vault", APP)) == "canary-1"


@pytest.mark.parametrize("named", [True, False])
def test_a_server_of_another_ca_is_refused_before_the_token_is_sent(
    vault: VaultFake, tmp_path: Path, named: bool
) -> None:
    environ = {"VAULT_CACERT": Authority.new("theirs").pem(tmp_path)} if named else {}
    with resolver(vault, **environ) as wary:
        found = failed(one(wary, "vault", APP))
    assert found.code is Code.SECRET_UNREACHABLE
    assert f"no trusted TLS connection to {vault.url}: " in found.message
    assert "unable to get local issuer certificate" in found.message
    assert "VAULT_CACERT" in found.help[0]
    assert "canary" not in everything_said(found)
    assert vault.requests == []


def test_a_certificate_for_another_host_is_refused(authority: Authority, tmp_path: Path) -> None:
    with (
        VaultFake(tls=authority.server(tmp_path, "127.0.0.9")) as elsewhere,
        resolver(elsewhere, VAULT_CACERT=authority.pem(tmp_path)) as wary,
    ):
        found = failed(one(wary, "vault", APP))
    assert "IP address mismatch" in found.message
    assert elsewhere.requests == []


def test_https_to_a_server_that_speaks_http_is_refused() -> None:
    with VaultFake() as plain:
        address = plain.url.replace("http:", "https:")
        with Resolver(environ={**plain.environ, "VAULT_ADDR": address}) as wary:
            found = failed(one(wary, "vault", APP))
    assert "no trusted TLS connection" in found.message
