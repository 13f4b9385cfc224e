"""Runs the command line in forks of one warm interpreter: `python -m tests.parts.command_server`.

A command is a process of its own, with its own folder, environment, standard streams and signals;
only starting an interpreter and importing everything again for each of thousands of commands is
saved, and reading the certificates of the machine. Who asks sends one JSON line and its three
streams over a Unix socket, and is told the pid, and later how it ended. Nothing else differs from
`python -m reconciler`.
"""

import functools
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import httpcore2
import httpx2

import reconciler

_LIMIT = 1 << 20
_NOT_WARMED = ("reconciler.sandbox", "reconciler.__main__", "reconciler.workflows.demo")


def _warm() -> None:
    for found in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if not found.name.startswith(_NOT_WARMED):
            importlib.import_module(found.name)
    for name in ("filelock", "deepdiff", "rich.console", "rich.live"):
        importlib.import_module(name)
    httpcore2.default_ssl_context = functools.cache(httpcore2.default_ssl_context)
    with httpx2.Client() as client:  # what it imports when it is first used
        client.build_request("GET", "http://127.0.0.1/")
    gc.collect()
    gc.freeze()


def serve(path: str) -> None:
    """Fork a keeper for each order that comes in at the socket; end with whoever started this."""
    _warm()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers need no burial
        parent = os.getppid()
        listener.settimeout(5.0)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while os.getppid() == parent:
            try:
                asker, _ = listener.accept()
            except TimeoutError:
                continue
            if os.fork() == 0:
                listener.close()
                _keep(asker)
            asker.close()


def _keep(asker: socket.socket) -> NoReturn:
    """Fork the command itself, and tell the asker how it ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    asker.settimeout(None)
    text, streams, _, _ = socket.recv_fds(asker, _LIMIT, 3)
    while not text.endswith(b"\n"):
        text += asker.recv(_LIMIT)
    order: Mapping[str, Any] = json.loads(text)
    pid = os.fork()
    if pid == 0:
        asker.close()
        _become(order, streams)
    for stream in streams:
        os.close(stream)
    asker.sendall(json.dumps({"pid": pid}).encode() + b"\n")
    _, status = os.waitpid(pid, 0)
    asker.sendall(json.dumps({"code": os.waitstatus_to_exitcode(status)}).encode() + b"\n")
    os._exit(0)


def _become(order: Mapping[str, Any], streams: list[int]) -> NoReturn:
    """Be `python -m reconciler`."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        if stream > 2:
            os.close(stream)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environ"])
    # New ones, as an interpreter makes them when it starts: this one's know other files.
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", closefd=False, errors=errors, buffering=size)  # noqa: SIM115
        for number, mode, errors, size in (
            (0, "r", "surrogateescape", -1),
            (1, "w", "surrogateescape", -1),
            (2, "w", "backslashreplace", 1),
        )
    )
    sys.path[1:1] = filter(None, order["environ"].get("PYTHONPATH", "").split(os.pathsep))
    sys.argv = [str(Path(reconciler.__file__).with_name("__main__.py")), *order["arguments"]]
    from reconciler.cli import main

    try:
        main()
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else int(end.code is not None))
    except BaseException:  # noqa: BLE001 - as an interpreter does, and then the test sees it
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
