"""One sandbox and a handful of MCP servers for all tests; a workspace and a folder for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.world import (
    GATEWAY_KEY,
    GUARDED_TOKEN,
    TOOLS,
    WORKSPACES,
    Servers,
    Workspace,
    project_for,
    seed,
)
from tests.parts.cli import Project
from tests.parts.mcp_servers import McpServer
from tests.parts.sandbox_process import SandboxProcess


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxProcess]:
    """A sandbox with many equal workspaces."""
    with SandboxProcess(seed=seed(), flags=("--probe-timeout", "15")) as process:
        yield process


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """MCP servers: two open ones, one that wants a token, one that wants a header."""
    with (
        McpServer("handbook", TOOLS) as first,
        McpServer("other", TOOLS) as other,
        McpServer("desk", TOOLS, bearer=GUARDED_TOKEN) as guarded,
        McpServer("warehouse", TOOLS, header=("X-Api-Key", GATEWAY_KEY)) as gateway,
    ):
        yield Servers(open=first, other=other, guarded=guarded, gateway=gateway)


@pytest.fixture(scope="session")
def fresh(sandbox: SandboxProcess) -> Iterator[str]:
    """Ids of workspaces that nobody has used."""
    return (f"w{number}" for number in range(WORKSPACES))


@pytest.fixture
def workspace(sandbox: SandboxProcess, fresh: Iterator[str]) -> Iterator[Workspace]:
    """A workspace of the test's own; whatever the test does, its neighbours stay as they are."""
    found = Workspace(sandbox, next(fresh))
    before = found.neighbours()
    yield found
    assert found.neighbours() == before, "something that isn't ours was touched"
    found.close()


@pytest.fixture
def project(workspace: Workspace, tmp_path: Path) -> Project:
    """A folder that describes nothing but the workspace."""
    folder = tmp_path / "project"
    folder.mkdir()
    return project_for(workspace, Project(folder=folder))
