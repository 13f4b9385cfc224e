"""One exchange with Vault through hvac: bounded, never redirected, tried again where that helps."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, cast

from reconciler.bounds import ENCODINGS, Garbled, TooMuch, read_whole
from reconciler.diagnostics import Code
from reconciler.secrets.backend import Surroundings
from reconciler.secrets.libraries import within
from reconciler.secrets.retrying import Retrying, seconds
from reconciler.secrets.secret import Secret
from reconciler.secrets.trouble import Trouble
from reconciler.secrets.vault_faults import VaultSealed, diagnose
from reconciler.secrets.vault_settings import VaultSettings

if TYPE_CHECKING:
    from hvac import Client as Client  # noqa: PLC0414 - others take it from here
    from requests import Response, Session

MAX_ANSWER_BYTES = 4 * 1024 * 1024
_STEPS = 3  # to resolve and connect, to send, to get the headers
_PASSING = frozenset({412, 429, 472, 473, 500, 502, 503, 504})
"""Statuses that another try may clear (Vault API: 412 a node that lags behind, 429 a quota, 472
and 473 a standby node, 503 sealed or in maintenance)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What Vault said: the status and the JSON object, None when the body was none."""

    status: int
    body: Mapping[str, Any] | None = field(repr=False)


class Wire:
    """The way to one Vault; shared by all workers."""

    def __init__(self, settings: VaultSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._surroundings = surroundings
        self._retrying = Retrying(surroundings)
        self._session = open_session(
            surroundings.workers, settings.verify, settings.certificate, settings.proxy
        )

    def client(self, token: Secret | None, timeout: float | None = None) -> "Client":
        """An hvac client that acts with this token, or with none.

        Parameters: `timeout` is in seconds, that of the surroundings when None.
        """
        import hvac
        from hvac.adapters import RawAdapter

        seconds = self._surroundings.timeout if timeout is None else timeout
        return hvac.Client(
            url=self._settings.url,
            # An empty text, since hvac looks for a token of its own when there is None.
            token="" if token is None else token.reveal(),
            cert=self._settings.certificate,
            verify=self._settings.verify,
            timeout=cast("int", seconds),  # the stubs say int, requests takes floats
            allow_redirects=False,  # hvac would send the token along to any host
            session=self._session,
            adapter=RawAdapter,
            namespace=self._settings.namespace,
            ignore_exceptions=True,  # hvac's exceptions drop the headers, and quote bodies
        )

    def ask(self, call: "Callable[[], Response]", *, repeatable: bool = True) -> Answer:
        """The answer to a call of hvac, or Trouble that is about the server as a whole.

        Parameters: `repeatable` is False for what must not be done twice.
        """
        return self._retrying.ask(lambda: self.once(call), repeatable=repeatable)

    def once(self, call: "Callable[[], Response]") -> Answer:
        """The same, without another try."""
        origin = self._settings.origin
        response, content = exchange(call, origin, self._surroundings.timeout)
        answer = Answer(status=response.status_code, body=json_object(content))
        trouble = self._trouble(answer, response.headers)
        if trouble is not None:
            raise trouble
        return answer

    def try_again(self) -> None:
        """Ask the next time, even if the server couldn't be used as a whole before."""
        self._retrying.try_again()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _trouble(self, answer: Answer, headers: Mapping[str, str]) -> Trouble | None:
        """What a status says about the server rather than about the path asked for."""
        status, origin = answer.status, self._settings.origin
        if 300 <= status < 400:
            return Trouble(
                Code.SECRET_UNREACHABLE,
                f"can't be read: {origin} answered with a redirect ({status}), which is "
                "not followed since it would carry the token to another address",
                "set VAULT_ADDR to the address of the active node or of the load balancer",
            )
        if status == 501:
            return Trouble(
                Code.SECRET_UNREACHABLE,
                f"can't be read: Vault at {origin} is not initialised",
                "initialise it (`vault operator init`), or check VAULT_ADDR",
                everywhere=True,
            )
        if status in _PASSING or status >= 500:
            return self._passing(status, seconds(headers.get("Retry-After")))
        return None

    def _passing(self, status: int, retry_after: float | None) -> Trouble:
        known = {
            429: ("limits how often it may be asked", "try again later, or raise its quota"),
            472: ("is a standby of another cluster", "set VAULT_ADDR to the active cluster"),
            473: ("is a standby node", "set VAULT_ADDR to the active node"),
            503: ("is sealed or in maintenance", "unseal it (`vault operator unseal`), or wait"),
        }
        what, advice = known.get(status, ("failed to answer", "look at the logs of the server"))
        asked = "" if retry_after is None else f"; it asked for {retry_after:g} s of patience"
        made = VaultSealed if status == 503 else Trouble
        return made(
            Code.SECRET_UNREACHABLE,
            f"can't be read: Vault at {self._settings.origin} {what} ({status}{asked})",
            advice,
            passing=True,
            retry_after=retry_after,
            everywhere=status in (472, 473, 503),
            unknown=status >= 500 and status != 503,
        )


def open_session(
    workers: int, verify: str | bool, certificate: tuple[str, str] | None, proxy: Secret | None
) -> "Session":
    """A session of requests that takes nothing from the environment, and keeps no cookie.

    Raises Trouble when Vault support isn't installed.
    """
    try:
        import hvac
        import requests
        from requests.adapters import HTTPAdapter
    except ImportError:
        raise Trouble(
            Code.SECRET_UNREACHABLE,
            "can't be read: Vault support is not installed",
            "install it: pip install 'reconciler[vault]'",
            everywhere=True,
        ) from None
    del hvac
    session = requests.Session()
    session.trust_env = False  # no .netrc, no HTTP_PROXY, no REQUESTS_CA_BUNDLE
    session.stream = True  # so that the body can be read within bounds
    session.headers["Accept-Encoding"] = ENCODINGS
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.verify = verify
    session.cert = certificate
    if proxy is not None:
        session.proxies = {"https": proxy.reveal()}
    session.mount("https://", HTTPAdapter(pool_maxsize=workers))
    session.mount("http://", HTTPAdapter(pool_maxsize=workers))
    return session


def exchange(
    call: "Callable[[], Response]", origin: str, timeout: float
) -> "tuple[Response, bytes]":
    """An answer and its body, which must end within bounds of size and time.

    Parameters: `origin` is whom to name when it fails, `timeout` the seconds for the body, and for
    each step on the way there. Raises Trouble.
    """
    from urllib3.exceptions import HTTPError

    try:
        response = within(_STEPS * timeout, call)
        try:
            content = _content(response, timeout)
        finally:
            response.close()
    except TooMuch as error:
        trouble = _unusable(f"{origin} {error}")
    except (Garbled, TimeoutError) as error:
        trouble = _unusable(f"{origin} gives no answer that can be used: {error}")
    except (OSError, HTTPError) as error:  # a requests exception is an OSError
        trouble = diagnose(error, origin, timeout)
    else:
        return response, content
    raise trouble


def _unusable(problem: str) -> Trouble:
    return Trouble(
        Code.SECRET_UNREACHABLE,
        f"can't be read: {problem}",
        "check that VAULT_ADDR is the address of a Vault server",
        unknown=True,
    )


def _content(response: "Response", timeout: float) -> bytes:
    parts = response.raw.stream(64 * 1024, decode_content=False)
    encoding = response.headers.get("Content-Encoding", "")
    return read_whole(parts, encoding, most=MAX_ANSWER_BYTES, seconds=timeout)


def json_object(content: bytes) -> Mapping[str, Any] | None:
    """The JSON object that a body is, None when it's none."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
