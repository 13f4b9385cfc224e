"""A fake of ours that answers as Vault's KV stores do; it is not Vault.

No Vault or OpenBao binary can be had where these tests are developed, so this is a threaded HTTP
server on loopback, written from the Vault API documentation: KV version 1 and 2, tokens with
policies, namespaces, the mount preflight, seals, the ways to sign in (`vault_auth_fake.py`), and
every way to misbehave that we could think of. What it gets wrong about Vault, the tests get wrong
too; `test_vault_contract.py` therefore also runs against a real server when VAULT_ADDR and
VAULT_TOKEN are set.
"""

import json
import socket
import ssl
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from tests.parts.vault_auth_fake import AuthFake

ROOT_TOKEN = "hvs.fake-root-token"
_PREFLIGHT = "sys/internal/ui/mounts/"


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request as it came."""

    method: str
    path: str
    token: str | None
    namespace: str | None
    connection: int


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An answer that overrides the regular one: a status, a dropped connection, or silence.

    With `after`, what was asked for is done all the same.
    """

    status: int = 500
    body: bytes = b'{"errors": []}'
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    hang: bool = False
    after: bool = False


@dataclass(kw_only=True)
class Version:
    """One version of a secret; `data` is None once it's destroyed."""

    data: dict[str, Any] | None
    deleted: bool = False

    @property
    def metadata(self) -> dict[str, Any]:
        return {
            "created_time": "2026-01-01T00:00:00Z",
            "custom_metadata": None,
            "deletion_time": "2026-01-02T00:00:00Z" if self.deleted else "",
            "destroyed": self.data is None,
        }


@dataclass(kw_only=True)
class Mount:
    """A secrets engine and what it holds, newest version last; `read_only` are tokens that may not
    write."""

    version: int = 2
    engine: str = "kv"
    read_only: set[str] = field(default_factory=set)
    secrets: dict[str, list[Version]] = field(default_factory=dict)


class VaultFake:
    """The server; use it as a context manager.

    `requests` is what came in. `faults` are used up one a request, `always` (when set) answers
    every request. `policies` maps a token to patterns of API paths it may use, `preflight` is
    `open`, `denied` (403) or `absent` (404, as before Vault 0.10).
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.mounts: dict[str, Mount] = {"secret": Mount(version=2), "kv1": Mount(version=1)}
        self.policies: dict[str, tuple[str, ...]] = {ROOT_TOKEN: ("*",)}
        self.auth = AuthFake(self.policies)
        self.requests: list[Received] = []
        self.faults: deque[Fault] = deque()
        self.always: Fault | None = None
        self.preflight = "open"
        self.sealed = False
        self.released = Event()
        self.lock = Lock()
        self._server = _Server((host, 0), self, tls)
        self.url = f"{'https' if tls else 'http'}://{host}:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    @property
    def environ(self) -> dict[str, str]:
        """The variables that lead to this server."""
        return {"VAULT_ADDR": self.url, "VAULT_TOKEN": ROOT_TOKEN}

    def put(self, path: str, data: dict[str, Any]) -> None:
        """Store a secret (a new version of it); the path starts with namespace and mount."""
        name, rest = self._split(path)
        self.mounts[name].secrets.setdefault(rest, []).append(Version(data=data))

    def paths(self, method: str = "GET") -> list[str]:
        """The paths of the requests so far."""
        with self.lock:
            return [one.path for one in self.requests if one.method == method]

    def answer(self, method: str, received: Received, body: bytes) -> tuple[int, dict[str, Any]]:
        """Status and JSON for a request that no fault overrides."""
        if self.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        path = received.path.removeprefix("/v1/")
        space = f"{received.namespace.strip('/')}/" if received.namespace else ""
        signing_in = self.auth.answer(method, space, path, received.token, body)
        if signing_in is not None:
            return signing_in
        allowed = self.policies.get(received.token or "")
        if allowed is None:
            return 403, {"errors": ["2 errors occurred: permission denied, invalid token"]}
        if path.startswith(_PREFLIGHT):
            return self._preflight(space, path.removeprefix(_PREFLIGHT), allowed)
        full = space + path
        if not any(fnmatchcase(full, pattern) for pattern in allowed):
            return 403, {"errors": ["1 error occurred: permission denied"]}
        try:
            name, rest = self._split(full)
        except LookupError:
            return 404, {"errors": [f'no handler for route "{path}". route entry not found.']}
        mount = self.mounts[name]
        if received.token in mount.read_only and method not in ("GET", "LIST"):
            return 403, {"errors": ["1 error occurred: permission denied"]}
        if mount.version == 1:
            return _version_1(mount, method, rest, body)
        return _version_2(mount, method, rest, body)

    def _split(self, path: str) -> tuple[str, str]:
        for name in self.mounts:
            if path.startswith(f"{name}/"):
                return name, path.removeprefix(f"{name}/")
        raise LookupError(path)

    def _preflight(
        self, space: str, path: str, allowed: tuple[str, ...]
    ) -> tuple[int, dict[str, Any]]:
        if self.preflight == "absent":
            return 404, {"errors": []}
        denied = 403, {"errors": ["preflight capability check returned 403, please ensure ..."]}
        try:
            name, _ = self._split(f"{space}{path}/")
        except LookupError:
            return denied
        reaches = any(one == "*" or one.startswith(f"{name}/") for one in allowed)
        if self.preflight == "denied" or not reaches:
            return denied
        mount = self.mounts[name]
        options = {"version": "2"} if mount.version == 2 else None
        shown = f"{name.removeprefix(space)}/"
        return 200, _wrapped({"path": shown, "type": mount.engine, "options": options})


def _wrapped(data: object) -> dict[str, Any]:
    return {
        "request_id": "00000000-0000-0000-0000-000000000000",
        "lease_id": "",
        "renewable": False,
        "lease_duration": 0,
        "data": data,
        "wrap_info": None,
        "warnings": None,
        "auth": None,
    }


def _version_1(mount: Mount, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
    if method in ("POST", "PUT"):
        mount.secrets[path] = [Version(data=json.loads(body))]
        return 204, {}
    if method == "DELETE":
        mount.secrets.pop(path, None)
        return 204, {}
    if path not in mount.secrets:
        return 404, {"errors": []}
    return 200, _wrapped(mount.secrets[path][-1].data)


def _version_2(mount: Mount, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
    part, _, name = path.partition("/")
    versions = mount.secrets.get(name, [])
    match method, part:
        case (("POST" | "PUT"), "data"):
            expected = json.loads(body).get("options", {}).get("cas")
            if expected is not None and expected != len(versions):
                said = "check-and-set parameter did not match the current version"
                return 400, {"errors": [said]}
            versions = mount.secrets.setdefault(name, [])
            versions.append(Version(data=json.loads(body)["data"]))
            return 200, _wrapped({**versions[-1].metadata, "version": len(versions)})
        case "DELETE", "data":
            versions[-1].deleted = True
            return 204, {}
        case (("POST" | "PUT"), "destroy"):
            for number in json.loads(body)["versions"]:
                versions[number - 1].data = None
            return 204, {}
        case "DELETE", "metadata":
            mount.secrets.pop(name, None)
            return 204, {}
        case "GET", "data" if versions:
            last = versions[-1]
            gone = last.deleted or last.data is None
            metadata = {**last.metadata, "version": len(versions)}
            data = {"data": None if gone else last.data, "metadata": metadata}
            return (404 if gone else 200), _wrapped(data)
        case "GET", "data":
            return 404, {"errors": []}
        case _:
            warning = "Invalid path for a versioned K/V secrets engine."
            return 404, {**_wrapped(None), "warnings": [warning]}


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for them, and leaves no socket open
    block_on_close = True

    def __init__(
        self, address: tuple[str, int], fake: VaultFake, tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(address, _Handler)
        self.fake = fake
        self._tls = tls
        self._open: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self._tls is not None:
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        with self.fake.lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self.fake.lock:
            self._open.discard(request)
        with suppress(OSError):
            super().shutdown_request(request)

    def hang_up(self) -> None:
        with self.fake.lock:
            still_open = list(self._open)
        for connection in still_open:
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away, or doesn't like our certificate, is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        fake = self.server.fake
        received = Received(
            method=self.command,
            path=unquote(urlsplit(self.path).path),
            token=self.headers.get("X-Vault-Token"),
            namespace=self.headers.get("X-Vault-Namespace"),
            connection=id(self.connection),
        )
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with fake.lock:
            fake.requests.append(received)
            fault = fake.always or (fake.faults.popleft() if fake.faults else None)
        if fault is None:
            with fake.lock:
                status, content = fake.answer(self.command, received, body)
            self._send(status, b"" if status == 204 else json.dumps(content).encode(), {})
            return
        if fault.after:
            with fake.lock:
                fake.answer(self.command, received, body)
        if fault.hang:
            fake.released.wait()
            self.close_connection = True
        elif fault.drop:
            self.close_connection = True
        else:
            self._send(fault.status, fault.body, fault.headers)

    do_POST = do_PUT = do_DELETE = do_LIST = do_GET  # noqa: N815 - names of http.server

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - name of http.server
        """Quiet."""
