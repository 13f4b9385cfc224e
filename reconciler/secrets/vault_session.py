"""The token that we act with at Vault: got when first needed, kept alive, given back at the end."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from reconciler.diagnostics import Code
from reconciler.secrets.backend import Surroundings
from reconciler.secrets.github_tokens import id_token
from reconciler.secrets.secret import Secret
from reconciler.secrets.trouble import Trouble
from reconciler.secrets.vault_addresses import is_header_text
from reconciler.secrets.vault_login_faults import refused, unwrapping_refused
from reconciler.secrets.vault_logins import AppRoleLogin, GitHubTokens, JwtLogin, TokenLogin
from reconciler.secrets.vault_proofs import denied
from reconciler.secrets.vault_settings import VaultSettings
from reconciler.secrets.vault_wire import Answer, Wire

if TYPE_CHECKING:
    from reconciler.secrets.vault_wire import Client

_FAREWELL = 2.0
"""Seconds that giving a token back may take at most."""
_EARLY = 0.7
"""The part of a lease after which it is renewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A token of ours and when to do something about it, in seconds of the session's clock.

    Parameters: `client` acts with the token; `renew_at` is None for a token that we don't keep
    alive: one without an end, or one that somebody else got.
    """

    client: "Client"
    token: Secret
    renewable: bool
    renew_at: float | None
    ours: bool


class VaultSession:
    """Signs in once for all workers, and again before the lease ends or when it ended early.

    Parameters: `clock` counts seconds.
    """

    def __init__(
        self,
        settings: VaultSettings,
        surroundings: Surroundings,
        wire: Wire,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._surroundings = surroundings
        self._wire = wire
        self._clock = clock
        self._lock = Lock()
        self._grant: Grant | None = None
        self._failed: Trouble | None = None
        self._owed: list[Grant] = []
        self._unwrapped: Secret | None = None
        self._may_suspect = True

    def current(self) -> Grant:
        """A token that should be good. Raises Trouble when there is none to be had."""
        with self._lock:
            grant = self._grant
            if grant is None:
                return self._begin()
            if grant.renew_at is None or self._clock() < grant.renew_at:
                return grant
            return (self._renewed(grant) if grant.renewable else None) or self._begin()

    def after_denial(self, denied_with: Grant) -> Grant | None:
        """Another token to try with, when the denial comes from the token having ended.

        None when the token is alive, so that a policy denies; or when it isn't ours to get anew.
        """
        with self._lock:
            if self._grant is not denied_with:
                return self._grant  # another worker has already signed in again
            if not denied_with.ours or not self._may_suspect:
                return None
            if self._wire.ask(denied_with.client.auth.token.lookup_self).status == 200:
                return None
            return self._begin()

    def denied_again(self) -> None:
        """A fresh token was no better: don't sign in for a denial again."""
        self._may_suspect = False

    def try_again(self) -> None:
        """Sign in the next time, even if that failed before."""
        with self._lock:
            self._failed = None

    def close(self) -> None:
        """Give back the tokens that we got, as well as that goes."""
        # A sign-in that hangs in another thread holds the lock; it isn't waited for at the end.
        if not self._lock.acquire(timeout=_FAREWELL):
            return
        try:
            owed, self._owed, self._grant = self._owed, [], None
        finally:
            self._lock.release()
        for grant in owed:
            client = self._wire.client(grant.token, min(_FAREWELL, self._surroundings.timeout))
            with suppress(Trouble):
                self._wire.once(client.auth.token.revoke_self)

    def _begin(self) -> Grant:
        if self._failed is not None:
            raise self._failed
        try:
            self._grant = self._signed_in()
        except Trouble as trouble:
            self._failed = trouble
            raise
        return self._grant

    def _signed_in(self) -> Grant:
        match self._settings.login:
            case TokenLogin(proof=proof):
                token = proof.read()
                return Grant(
                    client=self._wire.client(token),
                    token=token,
                    renewable=False,
                    renew_at=None,
                    ours=False,
                )
            case AppRoleLogin() as login:
                role, secret = login.role_id.read(), self._secret_id(login)
                post = self._wire.client(None).auth.approle.login
                answer = self._wire.ask(
                    lambda: post(
                        role.reveal(), secret.reveal(), use_token=False, mount_point=login.mount
                    ),
                    repeatable=False,
                )
                return self._granted(answer, None)
            case JwtLogin(proof=source) as login:
                if isinstance(source, GitHubTokens):
                    jwt = id_token(source, self._surroundings)
                else:
                    jwt = source.read()
                post = self._wire.client(None).auth.jwt.jwt_login
                answer = self._wire.ask(
                    lambda: post(login.role, jwt.reveal(), use_token=False, path=login.mount)
                )
                return self._granted(answer, jwt)

    def _secret_id(self, login: AppRoleLogin) -> Secret:
        """The secret id, taken out of its wrapping once; only from where it should be wrapped."""
        if login.wrapped_at is None:
            return login.secret_id.read()
        if self._unwrapped is None:
            wrapping, client = login.secret_id.read(), self._wire.client(None)
            body = {"token": wrapping.reveal()}
            looked = self._wire.ask(
                lambda: client.adapter.post("/v1/sys/wrapping/lookup", json=body)
            )
            if looked.status != 200:
                raise unwrapping_refused(looked.status)
            if _part(looked.body, "data").get("creation_path") != login.wrapped_at.strip("/"):
                raise denied(
                    "the secret id was wrapped elsewhere than at VAULT_SECRET_ID_WRAPPING_PATH",
                    "treat it as forged, unless the variable names another path by mistake",
                )
            # Unlike a look, only the wrapping token itself may open it.
            opener = self._wire.client(wrapping)
            answer = self._wire.ask(
                lambda: opener.adapter.post("/v1/sys/wrapping/unwrap"), repeatable=False
            )
            found = _part(answer.body, "data").get("secret_id")
            if answer.status != 200 or not isinstance(found, str) or not is_header_text(found):
                raise unwrapping_refused(answer.status)
            self._unwrapped = Secret(found)
        return self._unwrapped

    def _granted(self, answer: Answer, jwt: Secret | None) -> Grant:
        auth = _part(answer.body, "auth")
        text = auth.get("client_token")
        if answer.status != 200:
            raise refused(self._settings, answer, jwt)
        if not isinstance(text, str) or not text or not is_header_text(text):
            raise Trouble(
                Code.SECRET_DENIED,
                f"can't be read: Vault at {self._settings.origin} gave no token at the login",
                "check VAULT_ADDR, VAULT_AUTH_PATH, and that no second factor is asked for",
                everywhere=True,
            )
        token = Secret(text)
        grant = Grant(
            client=self._wire.client(token),
            token=token,
            renewable=auth.get("renewable") is True,
            renew_at=self._renew_at(auth),
            ours=True,
        )
        if auth.get("token_type") != "batch":  # those can't be revoked
            self._owed.append(grant)
        return grant

    def _renewed(self, grant: Grant) -> Grant | None:
        answer = self._wire.ask(grant.client.auth.token.renew_self)
        auth = _part(answer.body, "auth")
        renew_at = self._renew_at(auth)
        if answer.status != 200 or renew_at is None or renew_at - self._clock() < 1:
            return None
        self._grant = Grant(
            client=grant.client,
            token=grant.token,
            renewable=auth.get("renewable") is True,
            renew_at=renew_at,
            ours=True,
        )
        return self._grant

    def _renew_at(self, auth: Mapping[str, Any]) -> float | None:
        lease = auth.get("lease_duration")
        if not isinstance(lease, int) or lease <= 0:  # it has no end
            return None
        return self._clock() + lease * _EARLY


def _part(body: Mapping[str, Any] | None, key: str) -> Mapping[str, Any]:
    found = body.get(key) if body is not None else None
    return found if isinstance(found, dict) else {}
