"""A lane: a sandbox, a wire and a forge of its own, in which one case runs after the other."""

import re
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.crash.content import content, names, owned
from tests.crash.forge import Forge, Ran, Strike
from tests.crash.scenario import seed, write_after, write_before
from tests.crash.wire import Call, Wire
from tests.e2e.world import Servers
from tests.parts.cli import Project, let_an_hour_pass
from tests.parts.sandbox_process import SandboxProcess

_ID = re.compile(r"[a-z]+_[A-Za-z0-9]{10,}")
TIMEOUT = 0.7
"""Seconds for one exchange in an apply whose answer doesn't come."""
_PATIENT = 30.0
_RUN = ("-f", "manifests")
_SINCE = re.compile(r"since [-0-9T:+]+")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How things stand: the workspace, and what the state says."""

    live: list[str]
    owned: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """The apply that nothing happens to: its end, its calls, its writes, and the plan after.

    `rewrites` are its writes when it rewrites the state file after every change.
    """

    standing: Standing
    code: int
    calls: tuple[str, ...]
    writes: tuple[str, ...]
    rewrites: tuple[str, ...]
    plan: str

    @property
    def deletes(self) -> frozenset[str]:
        """The calls that delete."""
        return frozenset(call for call in self.calls if call.startswith("DELETE "))


class Lane:
    """A context manager; `reset` brings the workspace and the state back to before the edit."""

    def __init__(self, folder: Path, servers: Servers) -> None:
        self._folder = folder
        self._servers = servers
        self._stack = ExitStack()
        self.data = folder / "data"
        self.project = Project(folder=folder / "project")
        self.pid = 0

    def __enter__(self) -> Self:
        for name in ("project", "talk", "before"):
            (self._folder / name).mkdir(parents=True)
        with self._stack as stack:
            sandbox = SandboxProcess(seed=seed(), data=self.data, flags=("--probe-timeout", "15"))
            stack.enter_context(sandbox)
            self.wire = stack.enter_context(Wire(sandbox.url))
            self._forge = stack.enter_context(Forge(self._folder / "talk"))
            write_before(self.project, self._servers, self.wire.url)
            first = self.apply()
            assert first.code == 0, str(first.done)
            write_after(self.project, self._servers)
            shutil.copy(self.state, self._folder / "before" / "state.json")
            with (
                closing(sqlite3.connect(self.data)) as source,
                closing(sqlite3.connect(self._folder / "before" / "data")) as target,
            ):
                source.backup(target)
            self._before = self.live()
            self.reference = self._refer()
            self.staying = set(self._before) & set(self.reference.standing.live)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def state(self) -> Path:
        """The state file."""
        return self.project.folder / "state.json"

    @property
    def journal(self) -> Path:
        """The journal beside it."""
        return self.state.with_name(f"{self.state.name}.journal")

    def is_as_before(self) -> bool:
        """Whether nothing at all has changed since `reset`: the next apply is the first again."""
        files = {path.name for path in self.project.folder.iterdir() if path.is_file()}
        return (
            files <= {self.state.name, f"{self.state.name}.lock"}
            and self.state.read_bytes() == (self._folder / "before" / "state.json").read_bytes()
            and self.live() == self._before
        )

    def live(self) -> list[str]:
        """What the workspace holds."""
        return content(self.data)

    def reset(self) -> None:
        """Back to before the edit was applied."""
        for path in self.project.folder.iterdir():
            if path.is_file():
                path.unlink()
        shutil.copy(self._folder / "before" / "state.json", self.state)
        with (
            closing(sqlite3.connect(self._folder / "before" / "data")) as source,
            closing(sqlite3.connect(self.data)) as target,
        ):
            source.backup(target)

    def apply(
        self,
        *,
        strike: Strike | None = None,
        seconds: float | None = None,
        workers: int = 1,
        rewrites: bool = False,
    ) -> Ran:
        """Apply; `seconds` is the timeout of one exchange. One worker makes the calls in one
        order. The rest is as for `Forge.run`."""
        how = ("--timeout", str(seconds or _PATIENT), "--parallelism", str(workers))
        return self._command("apply", "--yes", *how, strike=strike, rewrites=rewrites)

    def _command(
        self, name: str, *flags: str, strike: Strike | None = None, rewrites: bool = False
    ) -> Ran:
        """Run a command; `pid` is its process while it runs."""

        def started(pid: int) -> None:
            self.pid = pid

        return self._forge.run(
            name,
            *_RUN,
            *flags,
            folder=self.project.folder,
            environ=self.project.environ,
            strike=strike,
            rewrites=rewrites,
            started=started,
        )

    def later(self) -> None:
        """Let it be an hour later for the next run, which so waits for nothing under way."""
        let_an_hour_pass(self.project.folder)

    def standing(self) -> Standing:
        """How things stand now."""
        return Standing(live=content(self.data), owned=owned(self.state, self.data))

    def labels(self, calls: Sequence[Call]) -> tuple[str, ...]:
        """The calls with names for ids."""
        known = names(self._folder / "before" / "data") | names(self.data)

        def named(found: re.Match[str]) -> str:
            return f"{{{known.get(found[0], '?')}}}"

        return tuple(f"{c.method} {_ID.sub(named, _bare(c.path))}" for c in calls)

    def plan(self) -> str:
        """What a plan says now."""
        done = self._command("plan").done
        return f"{_SINCE.sub('since then', done.out)}\nexit code {done.code}"

    def _refer(self) -> Reference:
        self.reset()
        rewriting = self.apply(rewrites=True)
        self.reset()
        self.wire.start()
        ran = self.apply()
        calls = self.wire.drain()
        return Reference(
            standing=self.standing(),
            code=ran.code,
            calls=self.labels(calls),
            writes=ran.writes,
            rewrites=rewriting.writes,
            plan=self.plan(),
        )


def _bare(path: str) -> str:
    return re.sub(r"^/api/w/[^/]+", "", path)
