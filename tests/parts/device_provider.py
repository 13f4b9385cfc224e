"""An authorization server with device login that isn't ours: npm's oidc-provider, on loopback.

Its refresh tokens rotate, and one that is sent twice ends its whole session.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from reconciler.providers.dust.signin import LoginProvider, Tokens, device_login
from reconciler.providers.dust.signin.login_client import Grant
from tests.parts.npm_packages import NODE, NPM
from tests.parts.peers import need_npm


@contextmanager
def device_provider() -> Iterator[LoginProvider]:
    """The server, in a process of its own."""
    need_npm("oidc-provider")
    with subprocess.Popen(
        [str(NODE), "--no-warnings", str(NPM / "device_provider.mjs")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            origin = process.stdout.readline().strip()
            assert origin.startswith("http://127.0.0.1:")
            yield LoginProvider(origin=origin, client_id="client_device")
        finally:
            process.terminate()


def press(provider: LoginProvider, grant: Grant, answer: str) -> None:
    """What a person does on the server's page: `yes` or `no`."""
    query = {"user_code": grant.user_code, "approve": answer}
    url = f"{provider.origin}/decide"
    assert httpx2.get(url, params=query, trust_env=False).status_code == 200


def sign_in_at(provider: LoginProvider) -> Tokens:
    """A whole login."""
    return device_login(
        provider, show=lambda grant: press(provider, grant, "yes"), sleep=lambda _seconds: None
    )
