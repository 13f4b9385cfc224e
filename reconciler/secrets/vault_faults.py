"""What goes wrong between us and Vault, before it is said about one reference."""

import ssl
from collections.abc import Iterator

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets.failure import SecretFailure, failure


class VaultTrouble(Exception):
    """Raised and caught inside the vault backend only.

    Parameters: `code`, `problem` (reads on from "secret `vault:…` ") and `advice` make the
    failure; `passing` says that another try may help, after `retry_after` seconds if the server
    named them; `everywhere` says that it hits every path alike, so that no other need be tried.
    Texts of other libraries' exceptions and bodies of answers never enter: they may quote what
    was sent.
    """

    def __init__(
        self,
        code: Code,
        problem: str,
        *advice: str,
        passing: bool = False,
        retry_after: float | None = None,
        everywhere: bool = False,
    ) -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem
        self.advice = advice
        self.passing = passing
        self.retry_after = retry_after
        self.everywhere = everywhere

    def about(self, reference: SecretRef) -> SecretFailure:
        """The failure of one reference."""
        return failure(reference, self.code, self.problem, *self.advice)


def diagnose(error: Exception, origin: str, timeout: float) -> VaultTrouble:
    """What happened, told from the types of the exceptions alone, never from their texts."""
    from requests import exceptions as of_requests
    from urllib3 import exceptions as of_urllib3

    chain = tuple(_causes(error))
    if any(isinstance(one, of_requests.SSLError | ssl.SSLError) for one in chain):
        # OpenSSL's verdict is one of its fixed sentences, with the host name at most.
        verdicts = [
            one.verify_message for one in chain if isinstance(one, ssl.SSLCertVerificationError)
        ]
        reason = f": {verdicts[0].rstrip('.')}" if verdicts else ""
        return VaultTrouble(
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
    return VaultTrouble(
        Code.SECRET_UNREACHABLE,
        f"can't be read: {what}",
        "check VAULT_ADDR, the network, and that Vault runs",
        passing=True,
        everywhere=True,
    )


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
