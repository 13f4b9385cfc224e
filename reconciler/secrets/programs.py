"""Other programs that print a secret: run without a shell, with little of our environment."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import IO

from reconciler.diagnostics import Code
from reconciler.programs import find, search_path
from reconciler.secrets.backend import Surroundings
from reconciler.secrets.trouble import Trouble

MAX_OUTPUT_BYTES = 4 * 1024 * 1024
PATIENCE = 6
"""How many times the timeout of an exchange a program has: it may ask a person for a fingerprint,
or make several exchanges of its own."""
_GLANCE = 0.05
_ALWAYS = frozenset(
    {
        "APPDATA", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "HOME", "LANG", "LOCALAPPDATA", "LOGNAME",
        "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "TZ",
        "USER", "USERPROFILE", "WAYLAND_DISPLAY",
    }
)  # fmt: skip
_PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a program ended: its exit code and what it wrote, which may be a secret."""

    code: int
    output: bytes = field(repr=False)
    complaint: bytes = field(repr=False)


def limited(environ: Mapping[str, str], prefixes: tuple[str, ...]) -> dict[str, str]:
    """What of the environment a program sees: where things are, and variables of its own.

    Tokens of other systems, such as that of the workspace, are none of its business. What it
    starts itself, it finds where we would.
    """
    environ = {**environ, "PATH": search_path(environ.get("PATH", ""))}
    return {
        name: value
        for name, value in environ.items()
        if name in _ALWAYS
        or name.upper() in _PROXIES
        or name.startswith(("LC_", "XDG_", *prefixes))
    }


class Program:
    """A program of PATH, run once for each secret.

    Parameters: `environ` is all that it sees; `advice` says how to get it.
    """

    def __init__(
        self, name: str, environ: Mapping[str, str], surroundings: Surroundings, advice: str
    ) -> None:
        self._name = name
        self._environ = dict(environ)
        self._surroundings = surroundings
        self._advice = advice
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(self, *arguments: str) -> Ended:
        """Run it to its end, without input.

        Raises Trouble when it isn't there, can't be started, takes too long or writes too much,
        or we are interrupted; then it is ended, with whatever it started.
        """
        process = self._started(arguments)
        self._running.add(process)
        try:
            with process:
                return _ended(self._name, process, self._surroundings)
        finally:
            self._running.discard(process)

    def close(self) -> None:
        """End what still runs: in a session of its own, the terminal's Ctrl-C doesn't reach it."""
        for process in tuple(self._running):
            _kill(process)

    def _started(self, arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
        program = find(self._name, self._environ)
        if program is None:
            raise Trouble(
                Code.SECRET_UNREACHABLE,
                f"can't be read: the program `{self._name}` is not installed",
                self._advice,
                everywhere=True,
            )
        try:
            return subprocess.Popen(  # noqa: S603 - an argument vector, without a shell
                [program, *arguments],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError):
            trouble = _trouble(self._name, "can't be started")
        raise trouble


def _ended(name: str, process: "subprocess.Popen[bytes]", surroundings: Surroundings) -> Ended:
    assert process.stdout is not None
    assert process.stderr is not None
    output, complaint = _Listener(process.stdout), _Listener(process.stderr)
    allowed = surroundings.timeout * PATIENCE
    deadline = time.monotonic() + allowed
    while output.is_alive() or complaint.is_alive() or process.poll() is None:
        if output.excess or complaint.excess:
            problem = "wrote more than a secret can be"
        elif surroundings.stop.is_set():
            problem = "was interrupted"
        elif time.monotonic() > deadline:
            problem = f"did not end within {allowed:g} s"
        else:
            output.join(_GLANCE)
            complaint.join(_GLANCE)
            with suppress(subprocess.TimeoutExpired):  # which may close its output long before
                process.wait(_GLANCE / 10)
            continue
        _kill(process)
        raise _trouble(name, problem)
    if output.excess or complaint.excess:
        raise _trouble(name, "wrote more than a secret can be")
    return Ended(
        code=process.returncode, output=bytes(output.heard), complaint=bytes(complaint.heard)
    )


class _Listener(Thread):
    """Reads what a program writes, and no more of it than a secret can be."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(name="secrets-program", daemon=True)
        self.heard = bytearray()
        self.excess = False
        self._descriptor = stream.fileno()
        self.start()

    def run(self) -> None:
        """Until the end, or the bound."""
        with suppress(OSError):  # it is closed once the program was ended
            while part := os.read(self._descriptor, 64 * 1024):
                self.heard += part
                if len(self.heard) > MAX_OUTPUT_BYTES:
                    self.excess = True
                    return


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End a program and what it started."""
    if sys.platform != "win32":
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _trouble(name: str, problem: str) -> Trouble:
    return Trouble(
        Code.SECRET_UNREACHABLE,
        f"can't be read: the program `{name}` {problem}",
        f"try `{name}` by hand, as the user that runs this command",
    )
