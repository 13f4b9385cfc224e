"""The command line as a user meets it: a process of its own, in a folder and an environment.

`Project` is a folder of manifests and the environment that goes with it; `run` and `start` run
`reconciler` there (`launching` says how). Whatever happens, no command may end in a traceback or
call itself a bug, so every finished command is checked for both.
"""

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from queue import Queue
from threading import Thread
from types import TracebackType
from typing import IO, Any, Self

import yaml

from tests.parts.launching import launch

_PATIENCE = 90.0


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended."""

    arguments: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed on stdout, which must be one JSON document and nothing else."""
        return json.loads(self.out)

    def __str__(self) -> str:
        command = " ".join(("reconciler", *self.arguments))
        return f"$ {command}\n{self.out}\n--- stderr\n{self.err}\n--- exit code {self.code}"


class Running:
    """A command that has been started; as a context manager it is killed at the end."""

    def __init__(
        self, arguments: tuple[str, ...], folder: Path, environ: Mapping[str, str]
    ) -> None:
        self._arguments = arguments
        self._out = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `__exit__`
        theirs, ours = os.pipe()
        heard, said = os.pipe()
        try:
            self._process = launch(
                arguments, folder, _environment(environ), (theirs, self._out.fileno(), said)
            )
        finally:
            os.close(theirs)
            os.close(said)
        self._in = open(ours, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        self._err = open(heard, encoding="utf-8", errors="replace")  # noqa: PTH123, SIM115
        self._lines: Queue[str] = Queue()
        self._read: list[str] = []
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def interrupt(self, kind: signal.Signals = signal.SIGINT) -> None:
        """What Ctrl-C does, or whoever else asks it to stop."""
        os.kill(self.pid, kind)

    def kill(self) -> None:
        """End it without any chance to tidy."""
        os.kill(self.pid, signal.SIGKILL)

    def enter(self, line: str) -> None:
        """Give it a line on stdin, as somebody at the keyboard does."""
        self._in.write(line + "\n")
        self._in.flush()

    def err_line(self) -> str:
        """Its next line on stderr; empty at the end."""
        line = self._lines.get(timeout=_PATIENCE)
        if line:
            self._read.append(line)
        else:
            self._lines.put("")  # for whoever asks again
        return line

    def wait_for(self, text: str) -> None:
        """Read stderr up to the line that holds `text`."""
        seen = ""
        while line := self.err_line():
            seen += line
            if text in line:
                return
        raise AssertionError(f"{text!r} was never said:\n{seen}")

    def end(self) -> Done:
        """Wait until it ends; how, with all that it said."""
        self._in.close()
        code = self._process.wait(_PATIENCE)
        while self.err_line():
            pass
        self._out.seek(0)
        done = Done(
            arguments=self._arguments,
            code=code,
            out=self._out.read().decode("utf-8"),
            err="".join(self._read),
        )
        _check_manners(done)
        return done

    def _listen(self) -> None:
        for line in self._err:
            self._lines.put(line)
        self._lines.put("")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self.kill()
            self._process.wait(_PATIENCE)
        self._listener.join(_PATIENCE)
        for stream in (self._in, self._err, self._out):
            with suppress(BrokenPipeError):
                stream.close()


@dataclass(kw_only=True)
class Project:
    """A folder of manifests.

    Args:
        folder: where the commands run; the manifests are in `manifests` under it.
        environ: variables beside the few that every process needs; no other is passed on.
    """

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def manifests(self) -> Path:
        """The folder that `write` writes to."""
        return self.folder / "manifests"

    def write(self, name: str, *documents: Mapping[str, Any] | str) -> Path:
        """Write a file of manifests: values, or YAML texts as they are."""
        path = self.manifests / name
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = (doc if isinstance(doc, str) else yaml_text(doc) for doc in documents)
        path.write_text("---\n".join(texts), encoding="utf-8")
        return path

    def remove(self, name: str) -> None:
        """Remove a file of manifests."""
        (self.manifests / name).unlink()

    def run(self, *arguments: str, code: int | None = 0, stdin: str | None = None) -> Done:
        """Run a command to its end and check its exit code, unless `code` is None."""
        done = _run(arguments, self.folder, self.environ, stdin)
        assert code is None or done.code == code, f"expected exit code {code}\n{done}"
        return done

    def start(self, *arguments: str) -> Running:
        """Start a command and don't wait for it."""
        return Running(arguments, self.folder, self.environ)

    # The commands that nearly every test needs.

    def plan(self, *arguments: str, code: int | None = 0) -> Done:
        """`reconciler plan -f manifests …`."""
        return self.run("plan", "-f", "manifests", *arguments, code=code)

    def apply(self, *arguments: str, code: int | None = 0) -> Done:
        """`reconciler apply -f manifests --yes …`."""
        return self.run("apply", "-f", "manifests", "--yes", *arguments, code=code)

    def document(self, *arguments: str, code: int | None = 0) -> Any:
        """The plan as JSON."""
        return self.plan("--output", "json", *arguments, code=code).json

    def settled(self) -> None:
        """Check that a plan finds nothing to do."""
        done = self.plan("--detailed-exitcode", code=None)
        assert done.code == 0, f"there is still something to do\n{done}"
        assert "Nothing to do" in done.out, str(done)


def let_an_hour_pass(folder: Path) -> None:
    """Make the state there an hour older, so that the next run waits for nothing under way."""
    for path in folder.glob("state.json*"):
        there = path.stat()
        os.utime(path, (there.st_atime - 3600, there.st_mtime - 3600))


def run_anywhere(
    *arguments: str,
    folder: Path,
    environ: Mapping[str, str] | None = None,
    stdin: str | None = None,
) -> Done:
    """Run a command in any folder, whatever code it ends with."""
    return _run(arguments, folder, environ or {}, stdin)


def yaml_text(document: Mapping[str, Any]) -> str:
    """A manifest as a person would write it, its keys in the order given."""
    text: str = yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True)
    return text


def texts_under(folder: Path) -> Iterable[tuple[Path, bytes]]:
    """Every file below a folder with what is in it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path, path.read_bytes()


def _run(
    arguments: tuple[str, ...], folder: Path, environ: Mapping[str, str], stdin: str | None
) -> Done:
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        given.write((stdin or "").encode())
        given.seek(0)
        streams = (given.fileno(), out.fileno(), err.fileno())
        process = launch(arguments, folder, _environment(environ), streams)
        try:
            code = process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait(_PATIENCE)
            raise
        said, told = (_text(file) for file in (out, err))
    done = Done(arguments=arguments, code=code, out=said, err=told)
    _check_manners(done)
    return done


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    """A bare environment: nothing of the developer's own leaks in, no proxy, no colour.

    What the tool remembers for a person goes to a folder of these tests.
    """
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
    base = {name: os.environ[name] for name in kept if name in os.environ}
    return {**base, "XDG_STATE_HOME": _memory().name, **extra}


@cache
def _memory() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="reconciler-tests-", ignore_cleanup_errors=True)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8")


def _check_manners(done: Done) -> None:
    for words in ("Traceback (most recent call last)", "this is a bug"):
        assert words not in done.out + done.err, str(done)
