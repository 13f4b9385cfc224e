"""A sign-in of this machine in use: renewed by one process at a time."""

from collections.abc import Callable

from reconciler.providers.contract import Call
from reconciler.providers.dust.signin.endings import AGAIN
from reconciler.providers.dust.signin.keeping import SessionStore
from reconciler.providers.dust.signin.record import SignIn, Tokens
from reconciler.providers.dust.signin.renewal import RenewedSignIn
from reconciler.providers.failures import ProviderError, SignedOut
from reconciler.providers.unbroken import to_the_end


class StoredSignIn(RenewedSignIn):
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
        super().__init__(record, tokens, observe=observe)
        self._store = store
        self._say = say
        self._unsaved = False

    def _renew(self, *, needed: bool) -> None:  # noqa: ARG002 - others are waited for by the lock
        # Ctrl-C between the provider's answer and the disk would lose the new refresh token.
        self._tokens = to_the_end(self._renewed)

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
            fresh = self._fresh(self._tokens)
            try:
                self._store.replace(self.record, fresh)
                self._unsaved = False
            except ProviderError as error:
                # This run can go on; the next one will have to sign in.
                self._unsaved = True
                self._say(f"the renewed sign-in can't be kept: {error.message}")
            return fresh


def _gone(record: SignIn) -> SignedOut:
    return SignedOut(f"{record.email} has signed out of {record.url} meanwhile", help=AGAIN)
