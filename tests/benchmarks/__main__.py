"""`python -m tests.benchmarks [--servers N …] [--runs N]`: prints ratios, changes nothing.

A plan of more than some 25,000 new servers is no plan file, and ends the benchmark there.

The floor is what any tool must do: load the same YAML with libyaml, parse the same JSON payload.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

from reconciler.views.formats import REVIEW_FORMATS
from tests.benchmarks.measuring import Cost, measure
from tests.benchmarks.workload import TOKEN, seed, write_manifests, write_state
from tests.parts.sandbox_process import SandboxProcess

_FLOOR = """
import json, sys, pathlib, yaml
for path in sorted(pathlib.Path("manifests").glob("*.yaml")):
    for document in yaml.load_all(path.read_text("utf-8"), Loader=yaml.CSafeLoader):
        pass
if len(sys.argv) > 1:
    for text in json.load(open(sys.argv[1], encoding="utf-8")).values():
        json.loads(text)
print("done")
"""

_ENVIRON = {"DUST_ACCESS_TOKEN": TOKEN, "BENCH_TOKEN": TOKEN, "NO_COLOR": "1"}


def main() -> None:
    """Run the benchmarks and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--servers", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    _start_up(options.runs)
    for servers in options.servers:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            _size(Path(folder), servers, options.runs)
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            _creations(Path(folder), servers, options.runs)


def _start_up(runs: int) -> None:
    here = Path.cwd()
    bare = measure(["-c", "pass"], runs=runs * 3, folder=here)
    version = measure(["-m", "reconciler", "--version"], runs=runs * 3, folder=here)
    extra = (version.wall - bare.wall) * 1000
    print(f"--version: {extra:.0f} ms above `python -c pass` (aim: 100 ms)")


def _size(folder: Path, servers: int, runs: int) -> None:
    answers = folder / "answers.json"
    live = _record(servers, answers)
    (folder / "floor.py").write_text(_FLOOR, encoding="utf-8")
    with _replay(answers) as (url, ask):
        write_manifests(folder / "manifests", servers, workspace_id="bench", url=url)
        write_state(folder / "manifests", live)
        yaml_floor = measure(["floor.py"], runs=runs, folder=folder)
        floor = measure(["floor.py", str(answers)], runs=runs, folder=folder)
        command = ["-m", "reconciler", "validate", "-f", "manifests"]
        validate = measure(command, runs=runs, folder=folder)
        command = ["-m", "reconciler", "plan", "--detailed-exitcode", "-f", "manifests"]
        plan = measure(command, runs=runs, folder=folder, environ=_ENVIRON)
        calls = ask() / (runs + 1)
    print(f"\n{servers} servers")
    _row("validate", validate, yaml_floor, aim=2)
    _row("plan, nothing to do", plan, floor, aim=3)
    print(f"  {calls:.0f} API calls a plan, first output after {plan.first:.2f} s (aim: 0.3 s)")


def _creations(folder: Path, servers: int, runs: int) -> None:
    """The plan of an empty workspace, alone and with all that can be written of it."""
    answers = folder / "answers.json"
    live = _record(0, answers)
    (folder / "floor.py").write_text(_FLOOR, encoding="utf-8")
    with _replay(answers) as (url, _ask):
        write_manifests(folder / "manifests", servers, workspace_id="bench", url=url)
        write_state(folder / "manifests", live)
        floor = measure(["floor.py"], runs=runs, folder=folder)
        command = ["-m", "reconciler", "plan", "-f", "manifests"]
        plan = measure(command, runs=runs, folder=folder, environ=_ENVIRON)
        command += [f"--report={name}=report.{name}" for name in REVIEW_FORMATS]
        reports = measure(command, runs=runs, folder=folder, environ=_ENVIRON)
        command += ["--out", "saved.plan"]
        saved = measure(command, runs=runs, folder=folder, environ=_ENVIRON)
        show = ["-m", "reconciler", "show", "saved.plan"]
        shown = measure(show, runs=runs, folder=folder, environ=_ENVIRON)
    _row("plan, all new", plan, floor, aim=6)
    _row("… every report", reports, plan, aim=2, what="plan")
    _row("… and the plan file", saved, reports, aim=1.5, what="reports")
    _row("show", shown, plan, aim=2, what="plan")


def _row(name: str, cost: Cost, floor: Cost, *, aim: float, what: str = "floor") -> None:
    print(
        f"  {name:<20} {cost.wall:6.2f} s = {cost.wall / floor.wall:4.2f} x {what} (aim: {aim} x), "
        f"CPU {cost.cpu / floor.cpu:4.2f} x, peak {cost.memory:.0f} MiB "
        f"= {cost.memory / floor.memory:.2f} x"
    )


def _record(servers: int, target: Path) -> dict[str, list[dict[str, object]]]:
    """The answers that a plan asks for, as a real sandbox gives them."""
    opener = build_opener(ProxyHandler({}))
    with SandboxProcess(seed=seed(servers)) as sandbox:

        def get(path: str) -> str:
            request = Request(sandbox.url + path, headers={"Authorization": f"Bearer {TOKEN}"})
            with opener.open(request, timeout=300) as answer:
                text: str = answer.read().decode()
            return text

        root = "/api/w/bench"
        spaces = json.loads(get(f"{root}/spaces?role=admin"))["spaces"]
        system = next(space["sId"] for space in spaces if space["kind"] == "system")
        regular = next(space["sId"] for space in spaces if space["name"] == "Finance")
        paths = [
            "/api/v1/me",
            f"{root}/spaces?role=admin",
            f"{root}/spaces/{system}/mcp_views?availability=manual",
            f"{root}/mcp",
            f"{root}/mcp/connections/workspace",
            f"{root}/spaces/{regular}",
            f"{root}/members?limit=150&orderColumn=createdAt",
        ]
        recorded = {path: get(path) for path in paths}
    target.write_text(json.dumps(recorded), encoding="utf-8")
    return {"spaces": spaces, "servers": json.loads(recorded[f"{root}/mcp"])["servers"]}


@contextmanager
def _replay(answers: Path) -> Iterator[tuple[str, Callable[[], int]]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.replay", str(answers)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    def ask() -> int:
        stdin.write("\n")
        stdin.flush()
        return int(stdout.readline())

    try:
        yield stdout.readline().strip(), ask
    finally:
        stdin.close()
        stdout.close()
        process.wait()


if __name__ == "__main__":
    main()
