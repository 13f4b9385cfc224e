"""A server that answers without end or measure is given up: what was too much, and the bound."""

import asyncio
import json
import subprocess
import sys

import pytest

from reconciler.authorization import Policy
from reconciler.sandbox.probe import ProbeError, Prober
from tests.discovery.endless_server import EndlessServer

TOO_MUCH = {
    "bomb": "it sends more than 4 MiB in one answer, and isn't read any further",
    "layered": (
        "it answers what can't be unpacked: its content encoding isn't one that was asked for"
    ),
    "body": "it sends more than 4 MiB in one answer, and isn't read any further",
    "events": "it sends more than 4 MiB in one answer, and isn't read any further",
    "event": "it sends an event of more than 1 MiB, and isn't read any further",
    "pages": "it lists its tools on more than 100 pages, and isn't read any further",
    "circle": (
        "it lists its tools in a circle: a page leads back to an earlier one, and isn't read any "
        "further"
    ),
    "tools": "it lists more than 10,000 tools, and isn't read any further",
    "values": "it sends more than 250,000 values in one answer, and isn't read any further",
    "depth": "it sends JSON that nests more than 200 deep, and isn't read any further",
    "legacy/sse": "it sends more than 4 MiB in one answer, and isn't read any further",
}
MOST_GROWN = 200  # MiB


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux how much memory there was")
def test_a_server_without_measure_is_told_so_and_takes_little_memory() -> None:
    with EndlessServer() as server:
        urls = [f"{server.url}/{name}" for name in ("well", *TOO_MUCH)]
        program = [sys.executable, "-m", "tests.discovery.probing_program", *urls]
        done = subprocess.run(program, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    well, *told = map(json.loads, done.stdout.splitlines())
    assert well["why"] == ""
    assert dict(zip(TOO_MUCH, (each["why"] for each in told), strict=True)) == TOO_MUCH
    grown = dict(zip(TOO_MUCH, (each["grown"] for each in told), strict=True))
    assert sum(grown.values()) < MOST_GROWN, grown


async def asked_by_a_sandbox(url: str) -> str:
    """Why a sandbox doesn't take the server."""
    prober = Prober(30, Policy(loopback=True))
    try:
        with pytest.raises(ProbeError) as failed:
            await prober.probe(url, {})
    finally:
        await prober.aclose()
    return str(failed.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bomb", "The MCP server sends more than 4 MiB in one answer."),
        ("tools", "The MCP server lists more than 10,000 tools."),
    ],
)
def test_a_sandbox_reads_a_server_no_further_either(name: str, words: str) -> None:
    with EndlessServer() as server:
        assert asyncio.run(asked_by_a_sandbox(f"{server.url}/{name}")) == words
