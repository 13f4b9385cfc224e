"""A state server over HTTP that behaves as GitLab documents and does, or as Terraform's default.

GitLab: POST and DELETE at `ADDRESS/lock`, 409 for a taken lock with the holder's id but the
asker's `Info`, 204 for a state that was locked and never written, 404 for none; a write whose `ID`
isn't the lock's is refused with 423. With methods LOCK and UNLOCK at the address itself: 423 for a
taken lock, with all that its holder said.
"""

import base64
import json
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from tests.parts.serving import serving

USERNAME, PASSWORD = "ci-runner", "a-token-of-the-tests"
Fault = Literal["500 before", "500 after", "reset before", "reset after", "429"]


class StateServer:
    """What the server holds, and what it is to do wrong; `url` is where it is."""

    url: str

    def __init__(self) -> None:
        self.texts: dict[str, bytes] = {}
        self.locks: dict[str, Mapping[str, str]] = {}
        self.log: list[str] = []
        self.faults: list[tuple[str, Fault]] = []
        self.guard = threading.Lock()

    def fail(self, method: str, *faults: Fault) -> None:
        """Do these wrong with the next requests of a method."""
        with self.guard:
            self.faults += [(method, fault) for fault in faults]

    def fault(self, method: str) -> Fault | None:
        """What is to go wrong with this request."""
        with self.guard:
            for each in self.faults:
                if each[0] == method:
                    self.faults.remove(each)
                    return each[1]
        return None


@contextmanager
def state_server() -> Iterator[StateServer]:
    """The server, on loopback."""
    state = StateServer()

    class Handler(_Handler):
        server_state = state

    with serving(Handler) as url:
        state.url = f"{url}/api/v4/projects/7/terraform/state/acme"
        yield state


class _Handler(BaseHTTPRequestHandler):
    server_state: StateServer
    protocol_version = "HTTP/1.1"
    timeout = 10

    def _answer(self) -> None:
        state, parts = self.server_state, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        given = f"{USERNAME}:{PASSWORD}".encode()
        if self.headers.get("authorization") != "Basic " + base64.b64encode(given).decode():
            self._send(401, b"{}")
            return
        method, address = self.command, parts.path
        if address.endswith("/lock"):
            method = {"POST": "LOCK", "DELETE": "UNLOCK"}[method]
            address = address.removesuffix("/lock")
        fault = state.fault(method)
        if fault == "429":
            self._send(429, b"{}", {"retry-after": "0"})
            return
        if fault in ("500 before", "reset before"):
            self._fail(fault)
            return
        gitlab = self.path.split("?")[0].endswith("/lock")
        with state.guard:
            state.log.append(method)
            given_id = parse_qs(parts.query).get("ID", [None])[0]
            status, answer = self._act(method, address, body, given_id, gitlab)
        if fault:
            self._fail(fault)
        else:
            self._send(status, answer)

    def _act(
        self, method: str, address: str, body: bytes, given_id: str | None, gitlab: bool
    ) -> tuple[int, bytes]:
        state = self.server_state
        lock = state.locks.get(address)
        match method:
            case "GET":
                text = state.texts.get(address)
                known = lock is not None
                return (204 if known else 404, b"") if text is None else (200, text)
            case "POST":
                if (lock or {}).get("ID") != given_id:
                    return 423, b"{}" if lock is None else json.dumps(lock).encode()
                assert isinstance(json.loads(body)["serial"], int), "GitLab keeps it as the version"
                state.texts[address] = body
                return 200, b""
            case "LOCK":
                info = json.loads(body)
                if lock is None:
                    state.locks[address] = info
                    return 200, body
                if not gitlab:
                    return 423, json.dumps(lock).encode()
                told = {**info, "ID": lock["ID"], "Who": "a-gitlab-user"}
                return 409, json.dumps({**told, "Created": "2026-11-25T20:00:00Z"}).encode()
            case "UNLOCK":
                asked = json.loads(body).get("ID") if body else None
                if lock is not None and asked is not None and lock["ID"] != asked:
                    return 409 if gitlab else 423, json.dumps(lock).encode()
                state.locks.pop(address, None)
                return 200, b""
            case _:
                return 405, b""

    def _fail(self, fault: Fault) -> None:
        if fault.startswith("500"):
            self._send(500, b"{}")
            return
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True

    def _send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = do_LOCK = do_UNLOCK = _answer  # noqa: N815 - the library's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""
