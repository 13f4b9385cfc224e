"""The command line as a user meets it: a process of its own, in a folder and an environment.

`Project` is a folder of manifests and the environment that goes with it; `run` and `start` run
`python -m reconciler` there. Whatever happens, no command may end in a traceback or call itself a
bug, so every finished command is checked for both.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

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

    def __init__(self, process: subprocess.Popen[str], arguments: tuple[str, ...]) -> None:
        self._process = process
        self._arguments = arguments
        self._read: list[str] = []

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def interrupt(self) -> None:
        """What Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End it without any chance to tidy."""
        self._process.kill()

    def enter(self, line: str) -> None:
        """Give it a line on stdin, as somebody at the keyboard does."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def err_line(self) -> str:
        """Its next line on stderr; empty at the end."""
        assert self._process.stderr is not None
        self._read.append(self._process.stderr.readline())
        return self._read[-1]

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
        out, rest = self._process.communicate(timeout=_PATIENCE)
        done = Done(
            arguments=self._arguments,
            code=self._process.returncode,
            out=out,
            err="".join(self._read) + rest,
        )
        _check_manners(done)
        return done

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate(timeout=_PATIENCE)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
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
        process = subprocess.Popen(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=self.folder,
            env=_environment(self.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return Running(process, arguments)

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
    process = subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=folder,
        env=_environment(environ),
        input=stdin or "",
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    done = Done(
        arguments=arguments, code=process.returncode, out=process.stdout, err=process.stderr
    )
    _check_manners(done)
    return done


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    """A bare environment: nothing of the developer's own leaks in, no proxy, no colour."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")
    base = {name: os.environ[name] for name in kept if name in os.environ}
    return {**base, "PYTHONUTF8": "1", "PYTHONWARNINGS": "error", **extra}


def _check_manners(done: Done) -> None:
    for words in ("Traceback (most recent call last)", "this is a bug"):
        assert words not in done.out + done.err, str(done)
