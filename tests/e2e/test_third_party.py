"""A server that isn't ours: npm's `server-everything` over streamable HTTP."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.e2e.world import Workspace, server, space
from tests.parts.cli import Project
from tests.parts.npm_packages import NODE, NPM
from tests.parts.peers import need_npm
from tests.parts.ports import free_port

PROGRAM = NPM / "node_modules/@modelcontextprotocol/server-everything/dist/index.js"


@pytest.fixture(scope="module")
def everything() -> Iterator[str]:
    """Its URL."""
    need_npm("@modelcontextprotocol/server-everything")
    port = free_port()
    process = subprocess.Popen(
        [str(NODE), "-r", str(NPM / "loopback.cjs"), str(PROGRAM), "streamableHttp"],
        env={**os.environ, "PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "it ended at once"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("it never listened")


def test_it_is_applied_with_its_stakes_and_then_nothing_is_to_do(
    project: Project, workspace: Workspace, everything: str
) -> None:
    project.write("space.yaml", space("lab"))
    project.write(
        "server.yaml",
        server(
            "everything",
            everything,
            displayName="Everything",
            spaces=["lab"],
            tools={"default": {"stake": "medium"}, "echo": {"stake": "never_ask"}},
        ),
    )
    project.apply()
    project.settled()

    tools = workspace.tools("Everything")
    assert len(tools) > 5
    assert tools.pop("echo") == ("never_ask", True)
    assert set(tools.values()) == {("medium", True)}
    assert workspace.places("Everything") == {"lab"}
