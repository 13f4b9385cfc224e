"""Five real MCP servers on loopback, for `reconciler demo`, each with another way in.

Open, behind a bearer token, behind a header, behind OAuth that registers clients, and behind
OAuth that knows one app. Run as `python -m reconciler.sandbox.tool_servers`, with the secrets in
the environment (`DESK_TOKEN`, `WAREHOUSE_KEY`, `BILLING_CLIENT_SECRET`) and the app's redirect URI
(`BILLING_CALLBACK`). Prints one JSON line `{"handbook": URL, …}` once all answer, and serves until
its standard input closes.
"""

import asyncio
import json
import logging
import os
import socket
import sys
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

import uvicorn
from mcp.server import MCPServer
from mcp.server.auth.provider import TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp_types import ToolAnnotations
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.sandbox.authorized import authorized, static_app

BILLING_APP = "acme-workspace"
"""The client id of the app that the billing server knows."""

CALENDAR_SCOPES = ("events.read", "events.write", "events.delete")
BILLING_SCOPES = ("invoices.read", "invoices.write")

_NAMES = ("handbook", "desk", "warehouse", "calendar", "billing")
_READS = ToolAnnotations(read_only_hint=True)
_DESTROYS = ToolAnnotations(destructive_hint=True)


def handbook() -> MCPServer:
    """Pages that anybody may read."""
    pages = {"holidays": "25 days a year.", "expenses": "Keep the receipt."}
    server = MCPServer("handbook", version="1.0.0", description="The company handbook")

    @server.tool(annotations=_READS)
    def search_handbook(words: str) -> list[str]:
        """Names of the pages that mention the words."""
        return [name for name, text in pages.items() if words.lower() in f"{name} {text}".lower()]

    @server.tool(annotations=_READS)
    def read_page(name: str) -> str:
        """The text of one page."""
        return pages.get(name, "no such page")

    return server


def desk() -> MCPServer:
    """Tickets, behind a bearer token."""
    tickets = {1: "The printer is on fire"}
    server = MCPServer("ticket-desk", version="2.3.0", description="Tickets of the help desk")

    @server.tool(annotations=_READS)
    def list_tickets() -> dict[int, str]:
        """All open tickets."""
        return tickets

    @server.tool()
    def create_ticket(text: str) -> int:
        """Open a ticket; its number."""
        number = max(tickets, default=0) + 1
        tickets[number] = text
        return number

    @server.tool(annotations=_DESTROYS)
    def delete_ticket(number: int) -> bool:
        """Delete a ticket for good."""
        return tickets.pop(number, None) is not None

    return server


def warehouse() -> MCPServer:
    """Tables, behind a gateway's key."""
    tables: dict[str, list[Any]] = {"orders": [("2026-11-01", 120)], "people": [("Ana", "Lisbon")]}
    server = MCPServer("warehouse", version="0.9.1", description="The data warehouse")

    @server.tool(annotations=_READS)
    def list_tables() -> list[str]:
        """Names of the tables."""
        return sorted(tables)

    @server.tool(annotations=_READS)
    def read_table(name: str) -> list[Any]:
        """All rows of a table."""
        return list(tables.get(name, []))

    @server.tool(annotations=_DESTROYS)
    def drop_table(name: str) -> bool:
        """Drop a table for good."""
        return tables.pop(name, None) is not None

    return server


def calendar(auth: AuthSettings, verifier: TokenVerifier) -> MCPServer:
    """Events, behind OAuth where clients register themselves."""
    events = {"Board meeting": "2026-12-01", "Summer party": "2027-06-20"}
    server = MCPServer(
        "calendar",
        version="1.4.0",
        description="The team's calendar",
        auth=auth,
        token_verifier=verifier,
    )

    @server.tool(annotations=_READS)
    def list_events() -> dict[str, str]:
        """All events, with their days."""
        return events

    @server.tool()
    def add_event(name: str, day: str) -> bool:
        """Put an event on a day."""
        events[name] = day
        return True

    return server


def billing(auth: AuthSettings, verifier: TokenVerifier) -> MCPServer:
    """Invoices, behind OAuth that knows one app."""
    invoices = {"2026-041": 1200, "2026-042": 80}
    server = MCPServer(
        "billing",
        version="3.0.2",
        description="Invoices and payments",
        auth=auth,
        token_verifier=verifier,
    )

    @server.tool(annotations=_READS)
    def list_invoices() -> dict[str, int]:
        """Open invoices, with what they are about."""
        return invoices

    @server.tool(annotations=_DESTROYS)
    def cancel_invoice(number: str) -> bool:
        """Cancel an invoice for good."""
        return invoices.pop(number, None) is not None

    return server


class Guard:
    """Lets requests through that carry one header with one value."""

    def __init__(self, app: ASGIApp, header: str, value: str) -> None:
        self._app = app
        self._header = header
        self._value = value

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = Request(scope).headers.get(self._header, "")
            if not compare_digest(given.encode(), self._value.encode()):
                refusal = PlainTextResponse("who are you?", status_code=401)
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


class _Web(uvicorn.Server):
    """Uvicorn that says when it is up."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
        self.is_up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()


def _apps(origins: Mapping[str, str]) -> dict[str, ASGIApp]:
    """The application of each server, by name."""
    app = static_app(
        BILLING_APP,
        os.environ["BILLING_CLIENT_SECRET"],
        os.environ["BILLING_CALLBACK"],
        BILLING_SCOPES,
    )
    return {
        "handbook": handbook().streamable_http_app(),
        "desk": Guard(
            desk().streamable_http_app(), "Authorization", f"Bearer {os.environ['DESK_TOKEN']}"
        ),
        "warehouse": Guard(
            warehouse().streamable_http_app(), "X-Api-Key", os.environ["WAREHOUSE_KEY"]
        ),
        "calendar": authorized(
            calendar,
            origin=origins["calendar"],
            name="Calendar",
            scopes=CALENDAR_SCOPES,
            registration=True,
        ),
        "billing": authorized(
            billing,
            origin=origins["billing"],
            name="Billing",
            scopes=BILLING_SCOPES,
            clients=[app],
        ),
    }


def _listener() -> socket.socket:
    # Naming the protocol makes asyncio answer at once instead of waiting for more to send.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    return listener


async def main() -> None:
    """Serve all until standard input closes."""
    listeners = {name: _listener() for name in _NAMES}
    origins = {
        name: f"http://127.0.0.1:{listener.getsockname()[1]}"
        for name, listener in listeners.items()
    }
    webs = {name: _Web(app) for name, app in _apps(origins).items()}
    serving = []
    for name, web in webs.items():
        serving.append(asyncio.create_task(web.serve(sockets=[listeners[name]])))
        await web.is_up.wait()
    urls = {name: f"{origin}/mcp" for name, origin in origins.items()}
    sys.stdout.write(json.dumps(urls) + "\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    for web in webs.values():
        web.should_exit = True
    await asyncio.gather(*serving)


if __name__ == "__main__":
    logging.disable()
    asyncio.run(main())
