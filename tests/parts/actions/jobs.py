"""Runs the jobs of a reusable workflow, each on a machine of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.parts.actions.expressions import evaluate, filled, format_, shown
from tests.parts.actions.steps import Machine, StepsDone

_KNOWN = {
    "concurrency",
    "environment",
    "if",
    "name",
    "needs",
    "outputs",
    "permissions",
    "runs-on",
    "steps",
    "timeout-minutes",
}


@dataclass(kw_only=True)
class Run:
    """How a workflow ended: its jobs by name, those that were skipped not among them."""

    jobs: dict[str, StepsDone] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    environments: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether a job failed."""
        return any(job.code for job in self.jobs.values())


def run_workflow(
    path: Path,
    machine: Callable[[str], Machine],
    *,
    inputs: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> Run:
    """Run the jobs of a workflow; `machine` makes the runner of a job."""
    workflow = yaml.safe_load(path.read_text("utf-8"))
    # YAML 1.1 takes the key `on` for a truth value.
    called = workflow[True].get("workflow_call")
    declared: dict[str, Any] = {}
    if called is not None:
        declared = called.get("inputs", {})
        assert (secrets or {}).keys() <= called.get("secrets", {}).keys()
    unknown = (inputs or {}).keys() - declared.keys()
    assert not unknown, f"the workflow has no input {unknown}"
    given = {name: each.get("default") for name, each in declared.items()} | dict(inputs or {})
    run = Run()
    for name, job in workflow["jobs"].items():
        assert job.keys() <= _KNOWN, f"this runner doesn't know {job.keys() - _KNOWN}"
        here = machine(name)
        for variable, value in workflow.get("env", {}).items():
            here.environ.setdefault(variable, shown(filled(value, here.context)))
        needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
        here.context |= {
            "inputs": given,
            "secrets": dict(secrets or {}),
            "needs": {
                each: {
                    "outputs": run.outputs.get(each, {}),
                    "result": _result(run.jobs.get(each)),
                }
                for each in needs
            },
        }
        context = here.context | {"functions": _functions(run, needs)}
        wanted = str(job.get("if", "success()")).strip().removeprefix("${{").removesuffix("}}")
        asks = any(f"{status}()" in wanted for status in ("always", "cancelled"))
        if not asks and any(_result(run.jobs.get(n)) != "success" for n in needs):
            continue
        if not evaluate(wanted, context):
            continue
        group = job.get("concurrency")
        if group:
            run.groups[name] = shown(filled(group["group"], context))
        run.environments[name] = shown(filled(job.get("environment", ""), context))
        done = here.steps(job["steps"])
        run.jobs[name] = done
        context |= {"steps": {sid: {"outputs": o} for sid, o in done.outputs.items()}}
        run.outputs[name] = {
            key: shown(filled(value, context)) for key, value in job.get("outputs", {}).items()
        }
    return run


def _result(done: StepsDone | None) -> str:
    if done is None:
        return "skipped"
    return "failure" if done.code else "success"


def _functions(run: Run, needs: list[str]) -> dict[str, Callable[..., Any]]:
    return {
        "always": lambda: True,
        "cancelled": lambda: False,
        "success": lambda: all(_result(run.jobs.get(each)) == "success" for each in needs),
        "format": format_,
    }
