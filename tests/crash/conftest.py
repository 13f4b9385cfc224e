"""A stage for all cases: MCP servers, and lanes with the scenario applied once."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.crash.lane import Lane
from tests.crash.stage import Stage
from tests.e2e.world import GATEWAY_KEY, GUARDED_TOKEN, TOOLS, Servers
from tests.parts.mcp_servers import McpServer

_LANES = 2
_MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """Lanes, in memory where there is such a folder: they write and sync a lot of small files."""
    memory = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory)))
        servers = Servers(
            open=stack.enter_context(McpServer("first", TOOLS)),
            other=stack.enter_context(McpServer("second", TOOLS)),
            guarded=stack.enter_context(McpServer("guarded", TOOLS, bearer=GUARDED_TOKEN)),
            gateway=stack.enter_context(
                McpServer("gateway", TOOLS, header=("X-Api-Key", GATEWAY_KEY))
            ),
        )
        lanes = [
            stack.enter_context(Lane(folder / f"lane-{number}", servers))
            for number in range(_LANES)
        ]
        assert len({lane.reference.calls for lane in lanes}) == 1, "the calls come in one order"
        yield Stage(lanes)
