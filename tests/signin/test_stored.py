"""A sign-in of this machine that somebody ends while a run is under way."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.providers import SignedOut
from reconciler.providers.dust.signin import (
    LoginProvider,
    SessionStore,
    SignIn,
    StoredSignIn,
    Tokens,
)
from reconciler.secrets import Secret

TOKENS = Tokens(access=Secret("the-access-token"), refresh=Secret("the-refresh-token"))


@pytest.fixture
def store(tmp_path: Path) -> SessionStore:
    """Where sign-ins are kept, in files."""
    return SessionStore(tmp_path, keyring=lambda: None)


@pytest.fixture
def record(store: SessionStore) -> SignIn:
    """Somebody who is signed in; nothing answers at the identity provider's address."""
    signed_in = SignIn(
        url="https://dust.example",
        email="ana@acme.example",
        workspaces=("acme",),
        since="2026-11-01T00:00:00+00:00",
        provider=LoginProvider(origin="http://127.0.0.1:1", client_id="client_x"),
    )
    return store.save(signed_in, TOKENS)


def before_the_first_look(store: SessionStore, record: SignIn) -> Callable[[], object]:
    """Signed out after the record was found, and before its tokens are read."""
    store.forget(record)
    return lambda: StoredSignIn(store, record)


def before_a_renewal(store: SessionStore, record: SignIn) -> Callable[[], object]:
    """Signed out after the tokens were read, and before they are renewed."""
    session = StoredSignIn(store, record)
    used = session.current()
    store.forget(record)
    return lambda: session.instead_of(used)


@pytest.mark.parametrize("ended", [before_the_first_look, before_a_renewal])
def test_somebody_who_signs_out_between_two_looks_is_told_to_sign_in_again(
    store: SessionStore,
    record: SignIn,
    ended: Callable[[SessionStore, SignIn], Callable[[], object]],
) -> None:
    look = ended(store, record)
    with pytest.raises(SignedOut, match="has signed out of https") as told:
        look()
    assert "reconciler login" in told.value.help[0]
