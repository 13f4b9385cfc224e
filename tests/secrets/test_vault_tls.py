"""TLS to Vault: a CA of one's own works, any other fails with the reason."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from reconciler.diagnostics import Code
from reconciler.secrets import Pacing, Resolver
from tests.parts.vault_fake import VaultFake
from tests.secrets.outcomes import everything_said, failed, one, revealed

APP = "secret/app#token"


@dataclass
class Authority:
    """A throw-away CA."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def new(cls, name: str) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(name, name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key)

    def pem(self, folder: Path) -> str:
        path = folder / f"ca-{self.certificate.serial_number}.pem"
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return str(path)

    def server(self, folder: Path, address: str) -> ssl.SSLContext:
        """The TLS side of a server whose certificate is for `address`."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        certificate = (
            _builder("vault", _name(self.certificate), key.public_key())
            .add_extension(names, critical=False)
            .add_extension(purpose, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(identifier, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        path = folder / "server.pem"
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _builder(subject: str, issuer: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


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
