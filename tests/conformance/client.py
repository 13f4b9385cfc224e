"""The client under test: `python -m tests.conformance.client URL`, as the suite starts it."""

import asyncio
import contextlib
import json
import os
import sys
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from reconciler.authorization import Policy, transport
from tests.conformance.sign_in import Identity, SignedIn, SignIn

CALLBACK = "http://localhost:3000/callback"
DOCUMENT = "https://conformance-test.local/client-metadata.json"
SAMPLES = {"string": "text", "number": 1, "integer": 1, "boolean": True, "array": [], "object": {}}


async def run(url: str) -> None:
    """Connect, list the tools, call each."""
    policy = Policy.of(url)
    wire = transport(policy)
    context = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
    known = (
        Identity(client_id=context["client_id"], client_secret=context.get("client_secret"))
        if "client_id" in context
        else None
    )

    async def consent(address: str) -> str:
        async with httpx2.AsyncClient(trust_env=False) as browser:
            return (await browser.get(address)).headers["location"]

    sign_in = SignIn(
        url=url,
        redirect_uri=CALLBACK,
        document=DOCUMENT,
        wire=wire,
        policy=policy,
        consent=consent,
        registered=known,
    )
    version = os.environ.get("MCP_CONFORMANCE_PROTOCOL_VERSION", "2026-07-28")
    mode: Any = "legacy" if version < "2026-07-28" else version
    http = httpx2.AsyncClient(transport=wire, auth=SignedIn(sign_in), timeout=20, trust_env=False)
    async with http, Client(streamable_http_client(url, http_client=http), mode=mode) as client:
        for tool in (await client.list_tools()).tools:
            properties = tool.input_schema.get("properties", {})
            given = {
                name: SAMPLES[shape.get("type", "string")]
                for name, shape in properties.items()
                if isinstance(shape, dict) and shape.get("type", "string") in SAMPLES
            }
            with contextlib.suppress(MCPError):
                await client.call_tool(tool.name, given)


if __name__ == "__main__":
    asyncio.run(run(sys.argv[-1]))
