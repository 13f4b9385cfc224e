"""Device login against an authorization server that isn't ours: npm's `oidc-provider`."""

import pytest

from reconciler.providers import Forbidden, SignedOut
from reconciler.providers.dust.signin import LoginProvider, device_login
from reconciler.providers.dust.signin.login_client import Grant, LoginClient
from tests.parts.device_provider import press


def test_sign_in_and_renew(provider: LoginProvider) -> None:
    polls: list[float] = []

    def approve_after_a_poll(seconds: float) -> None:
        polls.append(seconds)
        if len(polls) == 2:
            press(provider, grants[0], "yes")

    grants: list[Grant] = []
    tokens = device_login(provider, show=grants.append, sleep=approve_after_a_poll)
    assert len(polls) == 2
    assert tokens.refresh is not None
    with LoginClient(provider) as client:
        second = client.refresh(tokens)
        assert second.refresh is not None
        assert second.access.reveal() != tokens.access.reveal()
        assert second.refresh.reveal() != tokens.refresh.reveal()
        third = client.refresh(second)
        with pytest.raises(SignedOut, match="invalid_grant"):
            client.refresh(tokens)  # used up; the server ends the whole session
        with pytest.raises(SignedOut, match="invalid_grant"):
            client.refresh(third)


def test_denied(provider: LoginProvider) -> None:
    def deny(grant: Grant) -> None:
        press(provider, grant, "no")

    with pytest.raises(Forbidden, match="the sign-in was denied"):
        device_login(provider, show=deny, sleep=lambda _seconds: None)


def test_an_unknown_client(provider: LoginProvider) -> None:
    stranger = LoginProvider(origin=provider.origin, client_id="client_unknown")
    with pytest.raises(Forbidden, match="invalid_client"):
        device_login(stranger, show=lambda _grant: None)
