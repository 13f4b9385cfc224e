"""A sign-in in use: its access token is renewed in time, whoever keeps it."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from threading import RLock

from reconciler.providers.contract import Call
from reconciler.providers.dust.signin.endings import AGAIN, RefreshRefused
from reconciler.providers.dust.signin.record import SignIn, Tokens
from reconciler.providers.failures import ProviderError, SignedOut, Unexpected, Unreachable
from reconciler.providers.unbroken import guard
from reconciler.secrets import Secret

_PAUSE = 1.0
"""Seconds between two tries at a provider that can't be reached."""
_TRIES = 3


class RenewedSignIn(ABC):
    """The `Renewal` of a sign-in that is kept somewhere. Safe to use from several threads.

    Parameters: `record` and `tokens` are what is kept now; `again` says how to sign in again;
    `observe` is told of each exchange with the identity provider.
    """

    passing: tuple[type[ProviderError], ...] = (Unreachable, Unexpected)
    """What may be well again later, so that a token that still counts is used meanwhile."""

    def __init__(
        self,
        record: SignIn,
        tokens: Tokens,
        *,
        again: tuple[str, ...] = AGAIN,
        observe: Callable[[Call], None] = lambda _call: None,
    ) -> None:
        self.record = record
        self._observe = observe
        self._tokens = tokens
        self._again = again
        self._lock = RLock()
        guard()

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
                        self._renew(needed=over)
                    except self.passing as error:
                        if over:
                            raise _not_now(error) from None
                elif over:
                    raise self._not_renewable()
            return self._tokens.access

    def instead_of(self, refused: Secret) -> Secret:
        """Another token in place of one that the platform called expired."""
        with self._lock:
            if self._tokens.access is refused:
                try:
                    self._renew(needed=True)
                except self.passing as error:
                    raise _not_now(error) from None
            return self._tokens.access

    @abstractmethod
    def _renew(self, *, needed: bool) -> None:
        """Have other tokens; without `needed`, only if nobody else is about to get them.

        Raises SignedOut, and what is in `passing`.
        """

    def _fresh(self, tokens: Tokens, *, more: Callable[[], bool] = lambda: True) -> Tokens:
        """The identity provider's new pair for an old one, asked again while there is `more` time.

        Raises RefreshRefused, Unexpected, Unreachable.
        """
        from reconciler.providers.dust.signin.login_client import LoginClient

        provider = self.record.provider
        if provider is None or tokens.refresh is None:
            raise self._not_renewable()
        with LoginClient(provider, self._observe) as client:
            for left in reversed(range(_TRIES)):
                try:
                    return client.refresh(tokens)
                except RefreshRefused as error:
                    error.unanswered = left < _TRIES - 1
                    raise
                except Unreachable:
                    if not left or not more():
                        raise
                    time.sleep(_PAUSE)
        raise AssertionError("this is a bug: neither tokens nor a failure")

    def _not_renewable(self) -> SignedOut:
        return SignedOut(
            f"the access token of {self.record.email} for {self.record.url} has expired, and it "
            "was stored without anything to renew it with",
            help=self._again,
        )


def _not_now(error: ProviderError) -> SignedOut:
    return SignedOut(
        f"the access token has expired and can't be renewed now: {error.message}",
        call=error.call,
        help=error.help,
    )
