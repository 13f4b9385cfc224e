"""The process that forks the commands, as its user sees it."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from tests.parts.cli import Done

How = Literal["before", "torn", "after"]
_KEPT = {"PYTHONUTF8": "1", "HOME": "/nonexistent", "COLUMNS": "100"}


@dataclass(frozen=True, kw_only=True)
class Strike:
    """The write to state files, counted from 0, at which the process kills itself, and how."""

    at: int
    how: How


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a command ended; the code is -9 when it was killed.

    `writes` are its writes to state files, `waits` the seconds that it meant to wait each time.
    """

    done: Done
    writes: tuple[str, ...]
    waits: tuple[float, ...]

    @property
    def code(self) -> int:
        """The exit code."""
        return self.done.code


class Forge:
    """`python -m tests.crash.forge_program` as a context manager.

    Args:
        talk: a folder for what the commands print.
    """

    def __init__(self, talk: Path) -> None:
        self._talk = talk
        self._process: subprocess.Popen[str] | None = None

    def run(
        self,
        *arguments: str,
        folder: Path,
        environ: Mapping[str, str],
        strike: Strike | None = None,
        rewrites: bool = False,
        started: Callable[[int], None] = lambda _pid: None,
    ) -> Ran:
        """Run a command to its end; `started` is told its pid before it makes any call.

        It rewrites the state file after every change if `rewrites`, else only at its end.
        """
        order: dict[str, Any] = {
            "folder": str(folder),
            "talk": str(self._talk),
            "environ": {**_KEPT, **environ},
            "arguments": arguments,
            "rewrites": rewrites,
        }
        if strike is not None:
            order["strike"] = {"at": strike.at, "how": strike.how}
        process = self._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        started(self._hear()["pid"])
        code = self._hear()["code"]
        out, err, writes, waits = (
            (self._talk / name).read_text("utf-8") for name in ("out", "err", "writes", "waits")
        )
        return Ran(
            done=Done(arguments=arguments, code=code, out=out, err=err),
            writes=tuple(writes.splitlines()),
            waits=tuple(map(float, waits.split())),
        )

    def _hear(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the forge's process ended"
        said: dict[str, Any] = json.loads(line)
        return said

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.forge_program"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._hear()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        process, self._process = self._process, None
        assert process is not None
        process.communicate(timeout=30)
