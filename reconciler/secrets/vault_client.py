"""Calls to Vault through hvac: bounded, retried where that helps, never redirected."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from random import SystemRandom
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from reconciler.diagnostics import Code
from reconciler.secrets.backend import Surroundings
from reconciler.secrets.vault_faults import VaultTrouble, diagnose
from reconciler.secrets.vault_settings import VaultSettings

if TYPE_CHECKING:
    import hvac
    from requests import Response

MAX_ANSWER_BYTES = 4 * 1024 * 1024
_PASSING = frozenset({412, 429, 472, 473, 500, 502, 503, 504})
"""Statuses that another try may clear (Vault API: 412 a node that lags behind, 429 a quota, 472
and 473 a standby node, 503 sealed or in maintenance)."""
_random = SystemRandom()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What Vault said: the status and the JSON object, None when the body was none."""

    status: int
    body: Mapping[str, Any] | None = field(repr=False)


class VaultClient:
    """One hvac client for one address, shared by all workers.

    Every call gives an `Answer` or raises VaultTrouble. Once a call found that the server as a
    whole can't be used, later calls fail with the same trouble without trying again.
    """

    def __init__(self, settings: VaultSettings, surroundings: Surroundings) -> None:
        self._origin = settings.origin
        self._surroundings = surroundings
        self._hvac = _connect(settings, surroundings)
        self._down: VaultTrouble | None = None

    def mount_of(self, path: str) -> Answer:
        """The mount that `path` lies in (`sys/internal/ui/mounts`, as the Vault CLI asks)."""
        url = f"/v1/sys/internal/ui/mounts/{quote(path)}"
        return self._ask(lambda: cast("Response", self._hvac.adapter.get(url)))

    def read_v2(self, mount: str, path: str) -> Answer:
        """The latest version of a secret in a KV version 2 mount."""
        read = self._hvac.secrets.kv.v2.read_secret_version
        return self._ask(lambda: read(path, mount_point=mount, raise_on_deleted_version=True))

    def read_v1(self, mount: str, path: str) -> Answer:
        """A secret in a KV version 1 mount."""
        read = self._hvac.secrets.kv.v1.read_secret
        return self._ask(lambda: read(path, mount_point=mount))

    def close(self) -> None:
        """Close the connections."""
        self._hvac.adapter.close()

    def _ask(self, call: "Callable[[], Response]") -> Answer:
        pauses = self._pauses()
        while True:
            if self._down is not None:
                raise self._down
            outcome = self._exchange(call)
            if isinstance(outcome, Answer):
                return outcome
            pause = next(pauses, None) if outcome.passing else None
            if pause is None or not self._wait(pause, outcome):
                self._down = outcome if outcome.everywhere else self._down
                raise outcome

    def _pauses(self) -> Iterator[float]:
        pacing = self._surroundings.pacing
        for attempt in range(pacing.attempts - 1):
            yield min(pacing.ceiling, pacing.first * 2**attempt) * _random.uniform(0.5, 1)

    def _wait(self, pause: float, trouble: VaultTrouble) -> bool:
        """Wait before another try; False when there is to be none."""
        asked = trouble.retry_after
        if asked is not None and asked > self._surroundings.pacing.patience:
            return False
        # The server's number is a minimum, so jitter is added to it and not taken from it.
        return not self._surroundings.stop.wait(pause if asked is None else asked + pause)

    def _exchange(self, call: "Callable[[], Response]") -> Answer | VaultTrouble:
        from urllib3.exceptions import HTTPError

        try:
            response = call()
            try:
                content = self._content(response)
            finally:
                response.close()
        except (OSError, HTTPError) as error:  # a requests exception is an OSError
            return diagnose(error, self._origin, self._surroundings.timeout)
        if content is None:
            return VaultTrouble(
                Code.SECRET_UNREACHABLE,
                f"can't be read: the answer of {self._origin} is too long or too slow",
                "check that VAULT_ADDR is the address of a Vault server",
            )
        answer = Answer(status=response.status_code, body=_json_object(content))
        return self._trouble(answer, response.headers) or answer

    def _content(self, response: "Response") -> bytes | None:
        """The body, or None when it doesn't end within bounds of size and time."""
        deadline = time.monotonic() + self._surroundings.timeout
        content = bytearray()
        for chunk in response.iter_content(64 * 1024):
            content += chunk
            if len(content) > MAX_ANSWER_BYTES or time.monotonic() > deadline:
                return None
        return bytes(content)

    def _trouble(self, answer: Answer, headers: Mapping[str, str]) -> VaultTrouble | None:
        """What a status says about the server rather than about the path asked for."""
        status = answer.status
        if 300 <= status < 400:
            return VaultTrouble(
                Code.SECRET_UNREACHABLE,
                f"can't be read: {self._origin} answered with a redirect ({status}), which is "
                "not followed since it would carry the token to another address",
                "set VAULT_ADDR to the address of the active node or of the load balancer",
            )
        if status == 501:
            return VaultTrouble(
                Code.SECRET_UNREACHABLE,
                f"can't be read: Vault at {self._origin} is not initialised",
                "initialise it (`vault operator init`), or check VAULT_ADDR",
                everywhere=True,
            )
        if status in _PASSING or status >= 500:
            return self._passing(status, _seconds(headers.get("Retry-After")))
        return None

    def _passing(self, status: int, retry_after: float | None) -> VaultTrouble:
        known = {
            429: ("limits how often it may be asked", "try again later, or raise its quota"),
            472: ("is a standby of another cluster", "set VAULT_ADDR to the active cluster"),
            473: ("is a standby node", "set VAULT_ADDR to the active node"),
            503: ("is sealed or in maintenance", "unseal it (`vault operator unseal`), or wait"),
        }
        what, advice = known.get(status, ("failed to answer", "look at the logs of the server"))
        asked = "" if retry_after is None else f"; it asked for {retry_after:g} s of patience"
        return VaultTrouble(
            Code.SECRET_UNREACHABLE,
            f"can't be read: Vault at {self._origin} {what} ({status}{asked})",
            advice,
            passing=True,
            retry_after=retry_after,
            everywhere=status in (472, 473, 503),
        )


def _connect(settings: VaultSettings, surroundings: Surroundings) -> "hvac.Client":
    try:
        import hvac
        import requests
        from hvac.adapters import RawAdapter
        from requests.adapters import HTTPAdapter
    except ImportError:
        raise VaultTrouble(
            Code.SECRET_UNREACHABLE,
            "can't be read: Vault support is not installed",
            "install it: pip install 'reconciler[vault]'",
            everywhere=True,
        ) from None
    session = requests.Session()
    session.trust_env = False  # no .netrc, no HTTP_PROXY, no REQUESTS_CA_BUNDLE
    session.stream = True  # so that the body can be read within bounds
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.verify = settings.verify
    session.cert = settings.certificate
    if settings.proxy is not None:
        session.proxies = {"https": settings.proxy.reveal()}
    session.mount("https://", HTTPAdapter(pool_maxsize=surroundings.workers))
    session.mount("http://", HTTPAdapter(pool_maxsize=surroundings.workers))
    return hvac.Client(
        url=settings.url,
        token=settings.token.reveal(),
        cert=settings.certificate,
        verify=settings.verify,
        timeout=cast("int", surroundings.timeout),  # the stubs say int, requests takes floats
        allow_redirects=False,  # hvac would send the token along to any host
        session=session,
        adapter=RawAdapter,
        namespace=settings.namespace,
        ignore_exceptions=True,  # hvac's exceptions drop the headers, and quote bodies
    )


def _json_object(content: bytes) -> Mapping[str, Any] | None:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _seconds(text: str | None) -> float | None:
    """Retry-After as seconds; Vault sends whole seconds, and a date is left to our own pacing."""
    if text is None or not (text.isascii() and text.isdigit() and len(text) < 7):
        return None
    return float(text)
