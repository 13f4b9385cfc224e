"""Secrets in Google Cloud Secret Manager: `{gcp: "projects/P/secrets/S/versions/V#key"}`."""

import re
from typing import TYPE_CHECKING, Any, cast

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets.backend import Surroundings
from reconciler.secrets.failure import SecretFailure
from reconciler.secrets.libraries import checked, hush, needs, within
from reconciler.secrets.once import Once
from reconciler.secrets.programs import PATIENCE
from reconciler.secrets.retrying import Retrying
from reconciler.secrets.secret import Secret
from reconciler.secrets.texts import Texts, misshapen, text_of
from reconciler.secrets.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.api_core.exceptions import GoogleAPICallError
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient

_PLACE = re.compile(
    r"(projects/[a-z0-9][a-z0-9.:-]*/secrets/[A-Za-z0-9_-]{1,255})"
    r"(/versions/[A-Za-z0-9_-]{1,63})?(?:#([^\s#]+))?"
)


def _default() -> "SecretManagerServiceClient":
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient

    return SecretManagerServiceClient(transport="rest")


class GcpBackend:
    """Reads each version of a secret once, with Application Default Credentials.

    Parameters: `make` makes the client of Google's library.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        make: "Callable[[], SecretManagerServiceClient]" = _default,
    ) -> None:
        self._surroundings = surroundings
        self._make = make
        self._retrying = Retrying(surroundings)
        self._clients: Once[str, SecretManagerServiceClient] = Once()
        self._opened: list[SecretManagerServiceClient] = []
        self._texts = Texts(self._fetch)

    def read(self, reference: SecretRef) -> Secret | SecretFailure:
        """The text of the version, or what is under its key."""
        place = _PLACE.fullmatch(reference.locator)
        if place is None:
            return misshapen(
                reference, "projects/P/secrets/S#key", "projects/acme-tools/secrets/github-mcp"
            )
        name = place[1] + (place[2] or "/versions/latest")
        return self._texts.read(reference, name, (place[3],) if place[3] else ())

    def close(self) -> None:
        """Close the connections."""
        for client in self._opened:
            cast("Any", client.transport).close()

    def _fetch(self, name: str) -> Secret:
        def ask(client: "SecretManagerServiceClient") -> Any:
            return client.access_secret_version(
                name=name,
                retry=None,  # tried again by us, who can be interrupted
                timeout=self._surroundings.timeout,
            )

        client = self._clients.get("", self._open)
        answer = self._retrying.ask(
            lambda: within(
                PATIENCE * self._surroundings.timeout, lambda: checked(lambda: ask(client), _judged)
            )
        )
        return text_of(answer.payload.data)

    def _open(self) -> "SecretManagerServiceClient":
        hush("google", "urllib3", "requests")
        needs("google.cloud.secretmanager_v1", "Google Cloud Secret Manager", "gcp")
        client = checked(self._make, _judged)
        self._opened.append(client)
        return client


def _judged(error: Exception) -> Trouble | None:
    from google.api_core import exceptions as of_google
    from google.auth import exceptions as of_auth

    match error:
        case of_google.NotFound():
            return Trouble(
                Code.SECRET_MISSING,
                "is missing: Google Cloud has no such secret or version",
                "check the project, the name and the version",
            )
        case of_google.Forbidden() | of_google.Unauthorized():
            return Trouble(
                Code.SECRET_DENIED,
                f"can't be read: Google Cloud denies it ({error.code})",
                "grant the identity `roles/secretmanager.secretAccessor` on the secret",
            )
        case of_google.BadRequest() if _is_disabled(error):
            return Trouble(
                Code.SECRET_MISSING,
                "is missing: this version is disabled or destroyed",
                "enable it, or add a version (`gcloud secrets versions add`)",
            )
        case of_google.TooManyRequests() | of_google.ServerError() | of_google.RetryError():
            return Trouble(
                Code.SECRET_UNREACHABLE,
                "can't be read: Google Cloud Secret Manager failed to answer",
                "try again later",
                passing=True,
            )
        case of_google.GoogleAPICallError():
            return Trouble(
                Code.SECRET_UNREACHABLE,
                f"can't be read: Google Cloud refused the request ({error.code})",
                "check the project and the name",
            )
        case of_auth.TransportError():
            return _unreachable()
        case of_auth.GoogleAuthError():
            return Trouble(
                Code.SECRET_DENIED,
                "can't be read: there are no usable Application Default Credentials",
                "sign in (`gcloud auth application-default login`), set "
                "GOOGLE_APPLICATION_CREDENTIALS, or let the job have an identity",
                everywhere=True,
            )
        case OSError():  # those of requests are
            return _unreachable()
        case _:
            return None


def _is_disabled(error: "GoogleAPICallError") -> bool:
    """Whether it is FAILED_PRECONDITION; over REST the library only knows the 400."""
    try:
        return bool(error.response.json()["error"]["status"] == "FAILED_PRECONDITION")
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
        return False


def _unreachable() -> Trouble:
    return Trouble(
        Code.SECRET_UNREACHABLE,
        "can't be read: Google Cloud can't be reached",
        "check the network and the proxy",
        passing=True,
        everywhere=True,
    )
