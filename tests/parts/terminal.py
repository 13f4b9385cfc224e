"""A terminal of any size: a program runs in it, and a screen shows what it would look like."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

_PATIENCE = 60.0


class Terminal:
    """A program in a pseudo-terminal of its own, as a context manager.

    Args:
        command: the program with its arguments.
        columns: how wide the screen is; it is 40 lines high.
        echo: whether what is typed shows.
        environ: the whole environment; TERM is `xterm-256color` unless it says otherwise.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int,
        folder: Path,
        environ: Mapping[str, str],
        echo: bool = True,
    ) -> None:
        self._screen = pyte.HistoryScreen(columns, 40, history=2000, ratio=1)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        if not echo:
            modes = termios.tcgetattr(slave)
            modes[3] &= ~termios.ECHO
            termios.tcsetattr(slave, termios.TCSANOW, modes)
        self.raw = b""
        self._process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env={"TERM": "xterm-256color", **environ},
        )
        os.close(slave)

    def enter(self, text: str) -> None:
        """What somebody types."""
        os.write(self._master, text.encode())

    @property
    def shown(self) -> list[str]:
        """The lines that the screen has shown, those that scrolled away as well."""
        history = [
            "".join(line[column].data for column in range(self._screen.columns))
            for line in self._screen.history.top
        ]
        return [line.rstrip() for line in (*history, *self._screen.display)]

    def wait_for(self, text: str) -> None:
        """Read until the screen shows `text`."""
        while not any(text in line for line in self.shown):
            assert self._read(), f"{text!r} was never shown:\n" + "\n".join(self.shown)

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self._read():
            pass
        return self._process.wait(timeout=_PATIENCE)

    def _read(self) -> bool:
        """Take what comes; False at the end."""
        ready, _, _ = select.select([self._master], [], [], _PATIENCE)
        assert ready, "nothing more came:\n" + "\n".join(self.shown)
        try:
            data = os.read(self._master, 65536)
        except OSError:  # what Linux says when the other side is closed
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._master)  # which hangs up on whatever still runs
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=_PATIENCE)
