"""Runs commands in forked children: `python -m tests.crash.forge_program`.

Everything is imported once; each order on stdin (a JSON line) is a fork of that, so that a command
costs no new interpreter and is still a process of its own that can be killed. The answers are two
lines: its pid, and how it ended.

What differs from a plain run, so that no case takes longer than it must:
- waits for a repeat or a look-up (on the event that Ctrl-C sets) last a hundredth, and are written
  to the file `waits`;
- fingerprints of secrets cost next to nothing, and no certificates are loaded twice;
- the state file is rewritten after every change (`rewrites`) or at the end only, never by the
  clock, so that equal runs write the same;
- no list is behind, so that a creation that doesn't show is given up at once;
- calls that the platform answers late have the timeout of the others, and an answer may trickle in
  for no longer than that.

`strike` kills the process with SIGKILL at one of its writes to the folder's files: `before` or
`after` it, or with the end of what was just written missing (`torn`), as after a power cut. Every
such write is told in the file `writes`.
"""

import functools
import gc
import importlib
import json
import math
import os
import pkgutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

import httpcore2
import httpx2

import reconciler
from reconciler.cli import main

HOUR = 3_600_000
"""Milliseconds: a list isn't behind here, and the next run is as if it came later."""
_FASTER = 100
_TORN = 12  # bytes


def _warm() -> None:
    for found in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if not found.name.startswith(("reconciler.sandbox", "reconciler.__main__")):
            importlib.import_module(found.name)
    for name in ("httpx2", "filelock", "deepdiff", "rich.console", "rich.live"):
        importlib.import_module(name)
    httpcore2.default_ssl_context = functools.cache(httpcore2.default_ssl_context)
    with httpx2.Client() as client:  # what it imports when it is first used
        client.build_request("GET", "http://127.0.0.1/")
    gc.collect()
    gc.freeze()
    gc.disable()  # each child is short-lived


class _Hurried(threading.Event):
    """An event that is waited for a hundredth of the time."""

    def __init__(self, told: Callable[[str], None]) -> None:
        super().__init__()
        self._told = told

    def wait(self, timeout: float | None = None) -> bool:
        """As Event.wait."""
        if timeout is None:
            return super().wait()
        self._told(f"{timeout:.3f}")
        return super().wait(timeout / _FASTER)


class _Blow:
    """Stands around the functions that change files, and strikes at one call of them."""

    def __init__(self, folder: Path, order: Mapping[str, Any], told: Callable[[str], None]) -> None:
        self._folder = folder
        self._at: int = order.get("at", -1)
        self._how: str = order.get("how", "")
        self._told = told
        self._count = 0
        self._lock = threading.Lock()

    def around(self, function: Callable[..., None], what: str) -> Callable[..., None]:
        """The function, counted."""

        def struck(*given: Any, **named: Any) -> None:
            name = self._name(given[-1])
            with self._lock:
                here, self._count = self._count, self._count + 1
                self._told(f"{what} {name}")
            if here == self._at and self._how != "after":
                if self._how == "torn" and isinstance(given[0], int) and name != "folder":
                    os.truncate(given[0], max(0, os.fstat(given[0]).st_size - _TORN))
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                function(*given, **named)  # may find nothing to remove
            finally:
                if here == self._at:
                    os.kill(os.getpid(), signal.SIGKILL)

        return struck

    def _name(self, given: Any) -> str:
        if isinstance(given, int):
            there = os.fstat(given)
            for path in (self._folder, *self._folder.iterdir()):
                if os.path.samestat(path.stat(), there):
                    given = path
        path = Path(given)
        if path == self._folder:
            return "folder"
        # The name of a temporary file is what it will be called, and something random.
        return path.name.rpartition(".json")[1].lstrip(".") and _plain(path.name)


def _plain(name: str) -> str:
    if name.endswith(".tmp"):
        return name.strip(".").rsplit(".", 2)[0] + " (new)"
    return name


def _child(order: Mapping[str, Any]) -> NoReturn:
    folder = Path(order["folder"])
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(order["environ"])
    talk = Path(order["talk"])
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(talk / name, flags), number)

    def teller(name: str) -> Callable[[str], None]:
        descriptor = os.open(talk / name, flags)
        return lambda line: void(os.write(descriptor, f"{line}\n".encode()))

    blow = _Blow(folder, order.get("strike") or {}, teller("writes"))
    os.fsync = blow.around(os.fsync, "sync")
    os.replace = blow.around(os.replace, "replace")
    os.unlink = blow.around(os.unlink, "remove")
    sys.argv = ["reconciler", *order["arguments"]]
    workflows = importlib.import_module("reconciler.workflows")
    options = functools.partial(workflows.Options, stop=_Hurried(teller("waits")))
    code = 70
    try:
        with (
            patch("reconciler.workflows.Options", options),
            patch("reconciler.state.filing._WRITE_EVERY", 0.0 if order["rewrites"] else math.inf),
            patch("reconciler.secrets.fingerprint._LOG_N", 4),
            patch("reconciler.planning.ownership.LAGS", -HOUR),
            patch("reconciler.providers.dust.sessions.PATIENT_SECONDS", 0.0),
            patch("reconciler.providers.dust.client._PATIENCE", 1),
        ):
            main(order["arguments"])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - told in the file that the test reads
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def void(_: object) -> None:
    """Nothing."""


def serve() -> None:
    """Fork a child for each order, one after the other."""
    _warm()
    _say({"ready": True})
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _child(order)
        _say({"pid": pid})
        _, status = os.waitpid(pid, 0)
        _say({"code": os.waitstatus_to_exitcode(status)})


def _say(value: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
