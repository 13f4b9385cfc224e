"""Which settings lead to Vault, and which are refused before anything is sent."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.diagnostics import Code
from reconciler.secrets import Resolver
from reconciler.secrets.trouble import Trouble
from reconciler.secrets.vault_settings import VaultSettings, read_settings
from tests.parts.vault_fake import ROOT_TOKEN, VaultFake
from tests.secrets.outcomes import everything_said, failed, one, outcome, revealed

Make = Callable[..., Resolver]
APP = "secret/app#token"


def settings(**environ: str) -> VaultSettings:
    return read_settings({"VAULT_ADDR": "https://vault.example", "VAULT_TOKEN": "t", **environ})


def refused(**environ: str) -> Trouble:
    with pytest.raises(Trouble) as caught:
        settings(**environ)
    return caught.value


def test_an_unset_address_is_said() -> None:
    found = failed(outcome("vault", APP, {"VAULT_TOKEN": "t"}))
    assert found.code is Code.SECRET_UNREACHABLE
    assert "VAULT_ADDR is not set" in found.message


@pytest.mark.parametrize(
    "address",
    ["vault.example:8200", "unix:///run/vault.sock", "ftp://vault.example", "https://",
     "https://vault.example:port", "https://[::1", "https://vault\u2026example",
     "https://vault.example/a b"],
)  # fmt: skip
def test_what_is_no_http_address_is_refused(address: str) -> None:
    assert "is not an http or https URL" in refused(VAULT_ADDR=address).problem


@pytest.mark.parametrize(
    "address",
    ["https://user:canary@vault.example", "https://canary@vault.example",
     "https://vault.example/?token=canary", "https://vault.example/#canary"],
)  # fmt: skip
def test_an_address_with_more_in_it_is_refused_and_not_quoted(address: str) -> None:
    found = failed(outcome("vault", APP, {"VAULT_ADDR": address, "VAULT_TOKEN": "t"}))
    assert "holds more than an address" in found.message
    assert "canary" not in everything_said(found)


@pytest.mark.parametrize(
    "address", ["http://vault.example:8200", "http://10.0.0.1", "http://127.0.0.1.example",
                "http://localhost.example", "http://[2001:db8::1]:8200", "http://0.0.0.0:8200"],
)  # fmt: skip
def test_plain_http_to_another_machine_is_refused(address: str) -> None:
    trouble = refused(VAULT_ADDR=address)
    assert "the token would travel unencrypted" in trouble.problem
    assert address in trouble.problem


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8200", "http://localhost:8200", "http://[::1]:8200",
                "http://127.1.2.3", "https://vault.example:8200/prefix"],
)  # fmt: skip
def test_https_and_this_machine_are_accepted(address: str) -> None:
    assert settings(VAULT_ADDR=address).url == address


@pytest.mark.parametrize("value", ["1", "true", "TRUE", "t", "yes", "on"])
def test_switching_certificate_checks_off_is_refused_with_the_way_out(value: str) -> None:
    trouble = refused(VAULT_SKIP_VERIFY=value)
    assert "VAULT_SKIP_VERIFY is set" in trouble.problem
    assert "VAULT_CACERT" in trouble.advice[0]


@pytest.mark.parametrize("value", ["", "0", "false", "False", "f"])
def test_leaving_certificate_checks_on_is_accepted(value: str) -> None:
    assert settings(VAULT_SKIP_VERIFY=value).verify is True


def test_the_token_file_of_the_cli_is_used_without_vault_token(
    vault: VaultFake, resolver: Make, tmp_path: Path
) -> None:
    vault.put("secret/app", {"token": "canary-1"})
    (tmp_path / ".vault-token").write_text(f"{ROOT_TOKEN}\n")
    at_home = resolver(environ={"VAULT_TOKEN": "", "HOME": str(tmp_path)})
    assert revealed(one(at_home, "vault", APP)) == "canary-1"


def test_vault_token_goes_before_the_token_file(tmp_path: Path) -> None:
    (tmp_path / ".vault-token").write_text("of-the-file")
    found = settings(VAULT_TOKEN="of-the-variable", HOME=str(tmp_path))
    assert found.login.described == "VAULT_TOKEN"


def test_a_refused_token_of_the_file_names_the_file(
    vault: VaultFake, resolver: Make, tmp_path: Path
) -> None:
    (tmp_path / ".vault-token").write_text("hvs.expired-canary")
    at_home = resolver(environ={"VAULT_TOKEN": "", "HOME": str(tmp_path)})
    found = failed(one(at_home, "vault", APP))
    assert found.code is Code.SECRET_DENIED
    assert "~/.vault-token" in found.help[0]
    assert "canary" not in everything_said(found)


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_no_token_anywhere_is_denied(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / ".vault-token").write_text(content)
    trouble = refused(VAULT_TOKEN="", HOME=str(tmp_path))
    assert trouble.code is Code.SECRET_DENIED
    assert "there is no Vault token" in trouble.problem


@pytest.mark.parametrize("token", ["canary token", "canary\ntoken", "canary-\u2603", "canary\x00"])
def test_a_token_that_no_header_can_carry_is_denied_and_not_quoted(token: str) -> None:
    environ = {"VAULT_ADDR": "https://vault.example", "VAULT_TOKEN": token}
    found = failed(outcome("vault", APP, environ))
    assert found.code is Code.SECRET_DENIED
    assert "canary" not in everything_said(found)


@pytest.mark.parametrize("namespace", ["a b", "a\r\nX-Injected: 1", "\u2603"])
def test_a_namespace_that_no_header_can_carry_is_refused(namespace: str) -> None:
    assert "VAULT_NAMESPACE" in refused(VAULT_NAMESPACE=namespace).problem


@pytest.mark.parametrize("name", ["VAULT_CACERT", "VAULT_CAPATH", "SSL_CERT_FILE"])
def test_a_ca_that_is_not_there_is_refused_by_name(name: str, tmp_path: Path) -> None:
    assert f"{name} is not a readable" in refused(**{name: str(tmp_path / "absent")}).problem


def test_a_ca_file_that_holds_no_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    trouble = refused(VAULT_CACERT=str(tmp_path / "ca.pem"))
    assert "VAULT_CACERT is not a readable PEM file" in trouble.problem


def test_a_directory_of_cas_is_accepted(tmp_path: Path) -> None:
    assert settings(VAULT_CAPATH=str(tmp_path)).verify == str(tmp_path)


def test_half_a_client_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("")
    trouble = refused(VAULT_CLIENT_CERT=str(tmp_path / "cert.pem"))
    assert "VAULT_CLIENT_KEY" in trouble.problem


@pytest.mark.parametrize(
    ("address", "exempt", "used"),
    [
        ("https://vault.example", "", True),
        ("https://vault.example", "other.example", True),
        ("https://vault.example", "vault.example", False),
        ("https://vault.example", "a.example, .example", False),
        ("https://vault.example", "*", False),
        ("https://myvault.example", "vault.example", True),
        ("http://127.0.0.1:8200", "", False),
        ("https://127.0.0.1:8200", "", False),
    ],
)
def test_a_proxy_is_used_for_https_to_other_machines_only(
    address: str, exempt: str, used: bool
) -> None:
    found = settings(
        VAULT_ADDR=address, HTTPS_PROXY="http://user:canary@proxy:3128", NO_PROXY=exempt
    )
    assert (found.proxy is not None) is used
    assert "canary" not in repr(found)


def test_a_proxy_of_the_environment_gets_no_request_for_this_machine(
    vault: VaultFake, resolver: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.put("secret/app", {"token": "canary-1"})
    with VaultFake() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert revealed(one(resolver(), "vault", APP)) == "canary-1"
        assert proxy.requests == []


def test_settings_show_neither_token_nor_proxy() -> None:
    found = settings(VAULT_TOKEN="canary-1", HTTPS_PROXY="http://user:canary-2@proxy")
    assert "canary" not in repr(found)
