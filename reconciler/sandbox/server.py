"""Runs the sandbox: socket, greeting, signals, shutdown."""

import json
import logging
import signal
import socket
import sys
from types import FrameType
from typing import Any

import uvicorn

from reconciler.authorization import Policy
from reconciler.diagnostics import printable
from reconciler.sandbox.app import build_app
from reconciler.sandbox.call import Sandbox
from reconciler.sandbox.device_login import CLIENT_ID
from reconciler.sandbox.planting import plant
from reconciler.sandbox.probe import Prober
from reconciler.sandbox.records import Role
from reconciler.sandbox.seed import SeedError, read_seed
from reconciler.sandbox.settings import SandboxSettings
from reconciler.sandbox.store import DataFileError, Store

_GRACE = 2  # seconds for calls under way


def run(settings: SandboxSettings) -> int:
    """Serve until SIGINT or SIGTERM; the exit code.

    Reports on stderr, with exit code 1, a port that is taken, a seed that doesn't fit, a data
    file that isn't one.
    """
    # The SDK tells what a sloppy server sent; the answer to the caller says what matters.
    logging.getLogger("mcp").setLevel(logging.CRITICAL + 1)
    try:
        store = Store(settings.data)
    except (DataFileError, OSError) as error:
        return _fail(str(error))
    try:
        if store.is_new:
            plant(store, read_seed(settings.seed))
        elif settings.seed is not None:
            _say(f"{settings.data} holds a sandbox already: the seed file is ignored")
        with _listen(settings) as listener:
            policy = Policy(loopback=not settings.strict_urls)
            prober = Prober(settings.probe_timeout, policy)
            sandbox = Sandbox(settings=settings, store=store, prober=prober)
            _Server(sandbox, listener).serve_until_told()
    except SeedError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"can't listen on port {settings.port}: {error.strerror}")
    finally:
        store.close()
    return 0


def _listen(settings: SandboxSettings) -> socket.socket:
    # Named TCP: asyncio switches Nagle off for such sockets only, and it costs 40 ms an answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
    except OSError:
        listener.close()
        raise
    return listener


def _fail(message: str) -> int:
    _say(f"error: {message}")
    return 1


def _say(message: str) -> None:
    sys.stderr.write(f"{printable(message)}\n")


class _Server(uvicorn.Server):
    """Uvicorn, greeting when it answers and leaving signals as exit code 0."""

    def __init__(self, sandbox: Sandbox, listener: socket.socket) -> None:
        config = uvicorn.Config(
            build_app(sandbox),
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="on",
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
        super().__init__(config)
        self._sandbox = sandbox
        self._listener = listener

    def serve_until_told(self) -> None:
        """Block until a signal; uvicorn raises what it caught again, which must not kill us."""
        before = {
            number: signal.signal(number, self._told) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            self.run(sockets=[self._listener])
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _told(self, _: int, __: FrameType | None) -> None:
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then greet."""
        await super().startup(sockets)
        if self.started:
            host, port = self._listener.getsockname()
            sys.stdout.write(_greeting(self._sandbox, f"http://{host}:{port}"))
            sys.stdout.flush()


def _greeting(sandbox: Sandbox, url: str) -> str:
    workspace_id, sid, name = sandbox.store.values("SELECT id, sid, name FROM workspace")[0]
    tokens = {
        role: token
        for role in (Role.ADMIN, Role.BUILDER, Role.USER)
        if (token := _token(sandbox.store, workspace_id, role)) is not None
    }
    facts: dict[str, Any] = {"url": url, "workspaceId": sid, "tokens": tokens}
    if sandbox.settings.json_line:
        return json.dumps(facts) + "\n"
    where = sandbox.settings.data or "in memory, gone when it stops"
    return (
        f"The sandbox of workspace {name} is up.\n\n"
        f"  page         {url}/\n"
        f"  url          {url}\n"
        f"  workspaceId  {sid}\n"
        f"  sign in      reconciler login --url {url} --client-id {CLIENT_ID}\n"
        f"  admin token  {tokens.get(Role.ADMIN, '(the seed has no admin)')}\n"
        f"  data         {where}\n\n"
        "Ctrl-C stops it.\n"
    )


def _token(store: Store, workspace_id: int, role: Role) -> str | None:
    return store.text(
        "SELECT value FROM token JOIN membership USING (user_id) WHERE NOT expired"
        " AND workspace_id = ? AND role = ? ORDER BY user_id, value",
        workspace_id,
        role,
    )
