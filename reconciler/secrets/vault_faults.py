"""What goes wrong between us and Vault: named after who can act, and told from exceptions."""

import ssl
from collections.abc import Iterator

from reconciler.diagnostics import Code
from reconciler.secrets.trouble import Trouble

_OF_CERTIFICATES = frozenset(
    {
        "BAD_CERTIFICATE",
        "UNSUPPORTED_CERTIFICATE",
        "CERTIFICATE_REVOKED",
        "CERTIFICATE_EXPIRED",
        "CERTIFICATE_UNKNOWN",
        "CERTIFICATE_REQUIRED",
        "UNKNOWN_CA",
    }
)
"""The alerts of TLS about a certificate, as OpenSSL names them."""


class VaultConflict(Trouble):
    """Somebody else wrote meanwhile: read again, then decide."""


class VaultDenied(Trouble):
    """The policies of the token don't allow it."""


class VaultSealed(Trouble):
    """Vault is sealed or in maintenance; nothing was done."""


class VaultOutcomeUnknown(Trouble):
    """A write was sent and not answered: read, then decide."""


def diagnose(error: Exception, origin: str, timeout: float) -> Trouble:
    """What happened, told from the types of the exceptions alone, never from their texts."""
    from requests import exceptions as of_requests
    from urllib3 import exceptions as of_urllib3

    chain = tuple(_causes(error))
    if any(isinstance(one, of_requests.SSLError | ssl.SSLError) for one in chain):
        # OpenSSL's verdict is one of its fixed sentences, with the host name at most.
        verdicts = [
            one.verify_message for one in chain if isinstance(one, ssl.SSLCertVerificationError)
        ]
        if not verdicts and any(_about_ours(one) for one in chain):
            return Trouble(
                Code.SECRET_UNREACHABLE,
                f"can't be read: {origin} wants another TLS client certificate than it was shown",
                "name one that it trusts in VAULT_CLIENT_CERT, and its key in VAULT_CLIENT_KEY",
                everywhere=True,
            )
        if not verdicts and any(isinstance(one, ssl.SSLEOFError) for one in chain):
            # TLS 1.3: a server that refuses our certificate may be gone before its alert is read.
            return Trouble(
                Code.SECRET_UNREACHABLE,
                f"can't be read: {origin} ended the TLS connection, as one does that wants another "
                "TLS client certificate",
                "name one that it trusts in VAULT_CLIENT_CERT, and its key in VAULT_CLIENT_KEY",
                everywhere=True,
            )
        reason = f": {verdicts[0].rstrip('.')}" if verdicts else ""
        return Trouble(
            Code.SECRET_UNREACHABLE,
            f"can't be read: no trusted TLS connection to {origin}{reason}",
            "name the CA that signed the certificate of the server in VAULT_CACERT (a PEM file)",
            everywhere=True,
        )
    if any(isinstance(one, of_urllib3.ProxyError) for one in chain):
        what = f"the proxy in HTTPS_PROXY gives no way to {origin}"
    elif any(isinstance(one, of_urllib3.NameResolutionError) for one in chain):
        what = f"the host name of {origin} can't be resolved"
    elif any(isinstance(one, ConnectionRefusedError) for one in chain):
        what = f"{origin} refuses connections"
    elif any(isinstance(one, of_urllib3.TimeoutError | TimeoutError) for one in chain):
        what = f"{origin} did not answer within {timeout:g} s"
    else:
        what = f"the connection to {origin} broke"
    return Trouble(
        Code.SECRET_UNREACHABLE,
        f"can't be read: {what}",
        "check VAULT_ADDR, the network, and that Vault runs",
        passing=True,
        everywhere=True,
        # Without a connection nothing was sent.
        unknown=not any(isinstance(one, of_urllib3.ConnectTimeoutError) for one in chain),
    )


def _about_ours(error: BaseException) -> bool:
    """Whether it is the server's alert (RFC 8446, 6.2) about the certificate that we showed."""
    reason = getattr(error, "reason", None) if isinstance(error, ssl.SSLError) else None
    return isinstance(reason, str) and reason.partition("_ALERT_")[2] in _OF_CERTIFICATES


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The exceptions that `error` wraps, however its library keeps them."""
    pending, seen = [error], set[int]()
    while pending:
        one = pending.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        pending += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
