"""Starts commands: as forks of a warm interpreter, or each in an interpreter of its own.

Forks are what most tests take, since an interpreter that imports everything costs more than most
commands do. `RECONCILER_TESTS_FRESH=1` gives every command an interpreter of its own, and so does
an environment with other variables for Python itself than those that forks can follow.
"""

import atexit
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

_ROOT = Path(__file__).parents[2]
_ALWAYS = {"PYTHONUTF8": "1", "PYTHONWARNINGS": "error"}
_FOLLOWED = ("PYTHONPATH", "PYTHON_KEYRING_BACKEND")
_CAN_FORK = hasattr(os, "fork")


class Process(Protocol):
    """A command that was started."""

    @property
    def pid(self) -> int:
        """Its process id."""
        ...

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        ...

    def wait(self, timeout: float) -> int:
        """Its exit code, once it has ended; raises TimeoutExpired."""
        ...


def launch(
    arguments: Sequence[str],
    folder: Path,
    environ: Mapping[str, str],
    streams: tuple[int, int, int],
) -> Process:
    """Start `reconciler` with these arguments; `streams` are its stdin, stdout and stderr."""
    whole = {**environ, **_ALWAYS}
    fresh = any(name.startswith("PYTHON") and name not in _FOLLOWED for name in environ)
    if fresh or not _CAN_FORK or os.environ.get("RECONCILER_TESTS_FRESH"):
        return subprocess.Popen(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=folder,
            env=whole,
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
        )
    order = {"arguments": arguments, "folder": str(folder), "environ": whole}
    return _Fork(arguments, _server().ask(json.dumps(order), streams))


def write_program(folder: Path) -> None:
    """Put a program `reconciler` into a folder, for scripts: each run of it is a fork, too."""
    program = folder / "reconciler"
    python = sys.executable
    if _CAN_FORK and not os.environ.get("RECONCILER_TESTS_FRESH"):
        where, always = _server().path, _ALWAYS
        text = f"#!{python} -IS\nWHERE, ALWAYS = {where!r}, {always!r}\n{_PROGRAM}"
    else:
        text = f'#!/bin/sh\nexec "{python}" -m reconciler "$@"\n'
    program.write_text(text, "utf-8")
    program.chmod(0o755)


_PROGRAM = """
import json, os, socket, sys

line = socket.socket(socket.AF_UNIX)
line.connect(WHERE)
environ = {**os.environ, **ALWAYS}
order = {"arguments": sys.argv[1:], "folder": os.getcwd(), "environ": environ}
socket.send_fds(line, [json.dumps(order).encode() + b"\\n"], [0, 1, 2])
heard = b""
while heard.count(b"\\n") < 2:
    more = line.recv(4096)
    assert more, "the keeper of a command ended"
    heard += more
sys.exit(json.loads(heard.splitlines()[1])["code"])
"""


class _Fork:
    """A command in a fork; its keeper tells over the line how it ends."""

    def __init__(self, arguments: Sequence[str], line: socket.socket) -> None:
        self._arguments = arguments
        self._line = line
        self._heard = b""
        self._code: int | None = None
        self.pid: int = self._hear(60.0)["pid"]

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float) -> int:
        if self._code is None:
            self._code = self._hear(timeout)["code"]
            self._line.close()
        return self._code

    def _hear(self, timeout: float) -> dict[str, int]:
        while b"\n" not in self._heard:
            if not select.select([self._line], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(list(self._arguments), timeout)
            more = self._line.recv(4096)
            assert more, "the keeper of a command ended"
            self._heard += more
        first, _, self._heard = self._heard.partition(b"\n")
        found: dict[str, int] = json.loads(first)
        return found


class _Server:
    """The warm interpreter, for as long as the tests run."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.path = str(Path(self._folder.name) / "commands")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.parts.command_server", self.path],
            cwd=_ROOT,
            env={**os.environ, **_ALWAYS},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n", "commands can't be forked"
        atexit.register(self._end)

    def ask(self, order: str, streams: Sequence[int]) -> socket.socket:
        """Have a command started; the line on which its keeper answers."""
        line = socket.socket(socket.AF_UNIX)
        line.connect(self.path)
        socket.send_fds(line, [order.encode() + b"\n"], list(streams))
        return line

    def _end(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()


@cache
def _server() -> _Server:
    return _Server()
