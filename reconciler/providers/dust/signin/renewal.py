"""A stored sign-in in use: its access token is renewed in time, by one process at a time."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import RLock, Thread
from typing import TypeVar

from reconciler.providers.contract import Call
from reconciler.providers.dust.signin.keeping import SessionStore
from reconciler.providers.dust.signin.record import SignIn, Tokens
from reconciler.providers.failures import ProviderError, SignedOut, Unexpected, Unreachable
from reconciler.secrets import Secret

T = TypeVar("T")
_AGAIN = ("sign in again: `reconciler login`",)
_PAUSE = 1.0
"""Seconds between two tries at a provider that can't be reached."""
_TRIES = 3


class StoredSignIn:
    """The `Renewal` of a stored sign-in. Safe to use from several threads and processes.

    A refresh token counts once, so it is used under a lock, and after a look at what another
    process may have stored meanwhile. Raises SignedOut when the sign-in is gone.

    Parameters: `observe` is told of each exchange with the identity provider.
    """

    def __init__(
        self,
        store: SessionStore,
        record: SignIn,
        say: Callable[[str], None] = lambda _line: None,
        observe: Callable[[Call], None] = lambda _call: None,
    ) -> None:
        tokens = store.tokens(record)
        if tokens is None:
            raise _gone(record)
        self.record = record
        self._store = store
        self._say = say
        self._observe = observe
        self._lock = RLock()
        self._tokens = tokens
        self._unsaved = False

    @property
    def ends(self) -> float | None:
        """When the access token ends, in seconds since the epoch; None when it doesn't say."""
        return self._tokens.ends(self.record.namespace)

    @property
    def renewable(self) -> bool:
        """Whether it can be renewed without a person."""
        return self.record.provider is not None and self._tokens.refresh is not None

    def current(self) -> Secret:
        """The access token to send now, renewed when it is about to expire."""
        with self._lock:
            if self._tokens.due(self.record.namespace):
                over = self._tokens.over(self.record.namespace)
                if self.renewable:
                    try:
                        self._renew()
                    except (Unreachable, Unexpected) as error:
                        if over:
                            raise _not_now(error) from None
                elif over:
                    raise _not_renewable(self.record)
            return self._tokens.access

    def instead_of(self, refused: Secret) -> Secret:
        """Another token in place of one that the platform called expired."""
        with self._lock:
            if self._tokens.access is refused:
                try:
                    self._renew()
                except (Unreachable, Unexpected) as error:
                    raise _not_now(error) from None
            return self._tokens.access

    def _renew(self) -> None:
        # Ctrl-C between the provider's answer and the disk would lose the new refresh token.
        self._tokens = _to_the_end(self._renewed)

    def _renewed(self) -> Tokens:
        with self._store.locked(self.record):
            if not self._unsaved:
                kept = self._store.tokens(self.record)
                if kept is None:
                    raise _gone(self.record)
                if kept.access.reveal() != self._tokens.access.reveal():
                    if not kept.due(self.record.namespace):
                        return kept  # another process was faster
                    self._tokens = kept
            fresh = self._refresh()
            try:
                self._store.replace(self.record, fresh)
                self._unsaved = False
            except ProviderError as error:
                # This run can go on; the next one will have to sign in.
                self._unsaved = True
                self._say(f"the renewed sign-in can't be kept: {error.message}")
            return fresh

    def _refresh(self) -> Tokens:
        from reconciler.providers.dust.signin.login_client import LoginClient

        provider = self.record.provider
        if provider is None or self._tokens.refresh is None:
            raise _not_renewable(self.record)
        with LoginClient(provider, self._observe) as client:
            for left in reversed(range(_TRIES)):
                try:
                    return client.refresh(self._tokens)
                except Unreachable:
                    if not left:
                        raise
                    time.sleep(_PAUSE)
        raise AssertionError("this is a bug: neither tokens nor a failure")


def _to_the_end(call: Callable[[], T]) -> T:
    """The result of `call`, which Ctrl-C doesn't interrupt half-way."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            future.set_exception(error)

    Thread(target=run, name="renewal", daemon=True).start()
    try:
        return future.result()
    except KeyboardInterrupt:
        future.exception()
        raise


def _gone(record: SignIn) -> SignedOut:
    return SignedOut(f"{record.email} has signed out of {record.url} meanwhile", help=_AGAIN)


def _not_renewable(record: SignIn) -> SignedOut:
    return SignedOut(
        f"the access token of {record.email} for {record.url} has expired, and it was stored "
        "without anything to renew it with",
        help=_AGAIN,
    )


def _not_now(error: ProviderError) -> SignedOut:
    return SignedOut(
        f"the access token has expired and can't be renewed now: {error.message}",
        call=error.call,
        help=error.help,
    )
