"""One sandbox a module, a few MCP servers for all of them."""

from collections.abc import Iterator

import pytest

from tests.parts.mcp_servers import McpServer
from tests.parts.oidc_provider import OidcProvider
from tests.parts.sandbox_process import SandboxProcess
from tests.sandbox.consents import Stage, static_clients
from tests.sandbox.world import SEED, World


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A sandbox of the shared seed."""
    with SandboxProcess(seed=SEED, flags=("--probe-timeout", "10")) as process:
        world = World(process)
        yield world
        world.close()


@pytest.fixture(scope="session")
def open_server() -> Iterator[McpServer]:
    """An MCP server that asks for nothing; don't change its tools."""
    with McpServer("demo", ["search", "delete_all"]) as server:
        yield server


@pytest.fixture(scope="session")
def bearer_server() -> Iterator[McpServer]:
    """An MCP server that asks for the token `granted`."""
    with McpServer("guarded", ["read"], bearer="granted") as server:
        yield server


@pytest.fixture(scope="module")
def idp(world: World) -> Iterator[OidcProvider]:
    """An authorization server that has the sandbox's static apps; its access tokens last."""
    with OidcProvider(static_clients(world)) as provider:
        yield provider


@pytest.fixture(scope="module")
def stage(world: World, idp: OidcProvider) -> Iterator[Stage]:
    """The sandbox, the authorization server, and an MCP server that asks for its `read` tokens."""
    with McpServer("guarded", ["read"], issuer=idp.issuer, scopes=["read"]) as mcp:
        yield Stage(world=world, idp=idp, mcp=mcp)
