"""Runs the steps of a job or of a composite action: bash for real, actions by what stands in."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.parts.actions.expressions import evaluate, filled, format_, shown
from tests.parts.launching import write_program

ROOT = Path(__file__).parents[3]
_COMMAND = re.compile(r"::([a-z-]+)(?: ([^:]*))?::(.*)")
_OLD = re.compile(r"##\[([a-z-]+)\](.*)")
_KNOWN = {"run", "uses", "with", "env", "id", "if", "name", "shell", "working-directory"}


Stand = Callable[["Machine", Mapping[str, str]], None]
"""What stands in for an action: it gets the inputs."""


@dataclass(kw_only=True)
class StepsDone:
    """How steps ended: `code` of the first that failed, outputs by step, what the log said.

    `told` are the orders that the log gave the runner, as (name, properties, text).
    """

    code: int = 0
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    log: str = ""
    told: list[tuple[str, str, str]] = field(default_factory=list)

    def annotations(self, kind: str) -> list[str]:
        """The texts of the annotations of a kind."""
        return [text for name, _, text in self.told if name == kind]


@dataclass(kw_only=True)
class Machine:
    """A runner: its workspace, its environment, and what stands in for actions.

    Args:
        workspace: the folder that steps run in.
        environ: variables beside the few that every process needs.
        stands: what stands in for an action, by its name before the `@`.
        context: the contexts of expressions, such as `github`.
        temp: the folder for files that no step keeps; `summary` of the job is in it.
    """

    workspace: Path
    environ: dict[str, str]
    stands: Mapping[str, Stand]
    context: dict[str, Any]
    temp: Path
    summary: Path = field(init=False)
    _path: list[str] = field(init=False)

    def __post_init__(self) -> None:
        programs = self.temp / "programs"
        programs.mkdir(parents=True)
        write_program(programs)
        self._path = [str(programs), str(Path(sys.executable).parent), os.environ["PATH"]]
        self.summary = self.temp / "summary.md"
        self.summary.touch()

    def steps(self, steps: list[dict[str, Any]], **contexts: Any) -> StepsDone:
        """Run them in turn; after a failure only those that say `always()` or `failure()`."""
        done = StepsDone()
        for step in steps:
            assert step.keys() <= _KNOWN, f"this runner doesn't know {step.keys() - _KNOWN}"
            context = self._context(done, contexts)
            if self._wanted(step, done, context):
                code = self._step(step, done, context)
                done.code = done.code or code
        return done

    def action(
        self, folder: Path, inputs: Mapping[str, str], done: StepsDone | None = None
    ) -> StepsDone:
        """Run a composite action as a step of `done`; its own outputs are under the empty id."""
        action = yaml.safe_load((folder / "action.yml").read_text("utf-8"))
        assert action["runs"]["using"] == "composite"
        unknown = inputs.keys() - action["inputs"].keys()
        assert not unknown, f"the action has no input {unknown}"
        given = {}
        for name, each in action["inputs"].items():
            default = filled(each.get("default", ""), self._context(done or StepsDone(), {}))
            given[name] = inputs.get(name, shown(default))
            assert given[name] or not each.get("required"), f"{name} is required"
        github = {**self.context["github"], "action_path": str(folder)}
        inner = self.steps(action["runs"]["steps"], inputs=given, github=github)
        context = self._context(inner, {"inputs": given, "github": github})
        values = action.get("outputs", {}).items()
        inner.outputs = {"": {name: shown(filled(v["value"], context)) for name, v in values}}
        return inner

    def _context(self, done: StepsDone, contexts: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **self.context,
            **contexts,
            "runner": {"temp": str(self.temp)},
            "steps": {sid: {"outputs": values} for sid, values in done.outputs.items()},
            "functions": {
                "always": lambda: True,
                "failure": lambda: done.code != 0,
                "success": lambda: done.code == 0,
                "format": format_,
            },
        }

    def _wanted(self, step: Mapping[str, Any], done: StepsDone, context: dict[str, Any]) -> bool:
        wanted = str(step.get("if", "success()"))
        inner = wanted.strip().removeprefix("${{").removesuffix("}}")
        if not re.search(r"\b(always|failure|success)\(", inner):
            inner = f"success() && ({inner})"
        return bool(evaluate(inner, context))

    def _step(self, step: Mapping[str, Any], done: StepsDone, context: dict[str, Any]) -> int:
        environ = {name: shown(filled(v, context)) for name, v in step.get("env", {}).items()}
        if "run" in step:
            folder = self.workspace / shown(filled(step.get("working-directory", "."), context))
            assert "${{" not in step["run"], "an expression in the text of a script"
            return self._bash(step, environ, folder, done, context)
        inputs = {name: shown(filled(v, context)) for name, v in step.get("with", {}).items()}
        uses = step["uses"]
        if uses.startswith("$/"):
            inner = self.action(ROOT / uses.removeprefix("$/"), inputs, done)
            done.log += inner.log
            done.told += inner.told
            done.outputs[step.get("id", "")] = inner.outputs[""]
            return inner.code
        name = uses.partition("@")[0]
        assert name in self.stands, f"nothing stands in for {name}"
        done.log += f"[{name}]\n"
        self.stands[name](self, inputs)
        return 0

    def _bash(
        self,
        step: Mapping[str, Any],
        environ: Mapping[str, str],
        folder: Path,
        done: StepsDone,
        context: Mapping[str, Any],
    ) -> int:
        assert step.get("shell", "bash") == "bash"
        script, output, path = (Path(tempfile.mktemp(dir=self.temp)) for _ in range(3))
        script.write_text(step["run"], "utf-8")
        for file in (output, path):
            file.touch()
        process = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=folder,
            env={
                **{name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ},
                "PATH": os.pathsep.join(self._path),
                "PYTHONUTF8": "1",
                **self.environ,
                "GITHUB_ACTION_PATH": context["github"].get("action_path", ""),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_PATH": str(path),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "GITHUB_WORKSPACE": str(self.workspace),
                "RUNNER_TEMP": str(self.temp),
                **environ,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=120,
        )
        self._path[:0] = path.read_text("utf-8").splitlines()
        log = process.stdout.decode("utf-8", "replace")
        done.log += f"[{step.get('name', 'run')}]\n{log}"
        done.told += _orders(log)
        done.outputs[step.get("id", "")] = _values(output.read_text("utf-8"))
        return process.returncode


def _orders(log: str) -> list[tuple[str, str, str]]:
    """The lines that the runner obeys, between which `stop-commands` may have silenced it."""
    told: list[tuple[str, str, str]] = []
    silent = ""
    for line in re.split(r"\r\n|\r|\n", log):
        found = _COMMAND.match(line.lstrip())
        if silent:
            silent = "" if line.strip() == f"::{silent}::" else silent
        elif found and found[1] == "stop-commands":
            silent = found[3]
        elif found:
            told.append((found[1], found[2] or "", found[3]))
        elif old := _OLD.search(line):
            told.append((old[1], "", old[2]))
    assert not silent, "the runner was silenced, and not told to listen again"
    return told


def _values(text: str) -> dict[str, str]:
    """What a step wrote to `GITHUB_OUTPUT`: `name=value` lines."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        assert equals, f"no output: {line!r}"
        assert re.fullmatch(r"[a-z-]+", name), f"no output: {line!r}"
        assert name not in found, f"{name} was given twice"
        found[name] = value
    return found
