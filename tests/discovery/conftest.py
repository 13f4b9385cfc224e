"""A scripted server for each test, and real authorization servers for each module."""

from collections.abc import Iterator

import pytest

from tests.discovery.scenes import OPENID, RESOURCE, SERVER, challenge, resource, server
from tests.parts.oidc_provider import OidcProvider
from tests.parts.scripted_http import Reply, ScriptedHttp


@pytest.fixture
def web() -> Iterator[ScriptedHttp]:
    """An HTTP server that answers as scripted."""
    with ScriptedHttp() as server:
        yield server


@pytest.fixture
def hostile(web: ScriptedHttp) -> ScriptedHttp:
    """A server that wants a token, and whose metadata is fine as yet."""
    challenge(web, f"{web.url}{RESOURCE}")
    web.on("GET", RESOURCE, Reply(json=resource(web)))
    web.on("GET", SERVER, Reply(json=server(web)))
    web.on("GET", OPENID, Reply(status=404))
    return web


@pytest.fixture(scope="module")
def oidc() -> Iterator[OidcProvider]:
    """An authorization server that registers clients."""
    with OidcProvider() as server:
        yield server


@pytest.fixture(scope="module")
def closed_oidc() -> Iterator[OidcProvider]:
    """One that doesn't."""
    with OidcProvider(registration=False) as server:
        yield server
