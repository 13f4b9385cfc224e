"""What the README tells a newcomer to type works; so do the demo and the starter."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.world import ADMIN, Servers, Workspace
from tests.parts.cli import Project, run_anywhere

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


def _commands() -> list[str]:
    text = (ROOT / "README.md").read_text("utf-8")
    lines = [line.strip() for block in _BLOCK.findall(text) for line in block.splitlines()]
    return [line for line in lines if line]


def test_the_readme_has_exactly_two_set_up_commands() -> None:
    first, second = [line for line in _commands() if "venv" in line]
    assert first.endswith("reconciler demo")
    assert "pytest" in second
    ci = (ROOT / ".ci/run").read_text("utf-8")
    for part in ("pip>=25.1", "-e . --group dev", "pytest -q -n 2"):
        assert part in second, part
        assert part in ci, part


@pytest.mark.timeout(900)
@pytest.mark.skipif(not os.environ.get("CI"), reason="installs from the package index: CI only")
def test_the_first_set_up_command_works_in_a_fresh_copy(tmp_path: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    environ = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(
        ["bash", "-c", _commands()[0]],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing to do" in done.stdout


@pytest.mark.timeout(300)
def test_the_five_minutes_work_as_written(
    workspace: Workspace, servers: Servers, tmp_path: Path
) -> None:
    """Every other command, in order; a sandbox stands where the real workspace would."""
    folder, environ = tmp_path, {"DUST_ACCESS_TOKEN": ADMIN}
    ran = []
    for line in _commands():
        words = shlex.split(line)
        match words:
            case ["cd", target]:
                folder /= target
                _point_at(folder / "manifests", workspace, servers.open.url)
            case ["export", _]:
                assert "DUST_ACCESS_TOKEN" in line
            case ["reconciler", *arguments]:
                extra = ("--yes",) if arguments == ["apply", "-f", "manifests"] else ()
                done = run_anywhere(*arguments, *extra, folder=folder, environ=environ)
                assert done.code == 0, str(done)
                ran.append(arguments[0])
            case _:
                assert "venv" in line, f"no test runs {line}"
    assert ran == ["init", "validate", "plan", "show", "apply", "drift", "apply"]


def _point_at(manifests: Path, workspace: Workspace, server: str) -> None:
    path = manifests / "workspace.yaml"
    text = path.read_text().replace("region: eu", f"url: {workspace.url}")
    path.write_text(text.replace("0ec9852c2f", workspace.id))
    path = manifests / "servers.yaml"
    path.write_text(path.read_text().replace("https://mcp.example.com/mcp", server))


def test_the_starter_overwrites_nothing(tmp_path: Path) -> None:
    assert run_anywhere("init", "here", folder=tmp_path).code == 0
    path = tmp_path / "here/manifests/servers.yaml"
    path.write_text("mine")
    again = run_anywhere("init", "here", folder=tmp_path)
    assert again.code == 1
    assert "exists already" in again.err
    assert path.read_text() == "mine"


@pytest.mark.timeout(300)
def test_the_demo_ends_well_and_leaves_nothing_behind(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done = run_anywhere("demo", folder=tmp_path, environ={"TMPDIR": str(scratch)})
    assert done.code == 0, str(done)
    assert done.out.count("Nothing to do") == 2
    assert done.out.count("pending: ana@acme.example has to sign in") == 2
    assert "Apply: 5 applied, 2 pending." in done.out
    assert "Apply: 2 applied." in done.out
    assert "were looked for in" in done.out
    assert list(scratch.iterdir()) == []
    assert list(tmp_path.iterdir()) == [scratch]


@pytest.mark.timeout(300)
def test_a_kept_demo_can_be_looked_at(tmp_path: Path) -> None:
    done = run_anywhere("demo", "--folder", "kept", folder=tmp_path)
    assert done.code == 0, str(done)
    assert "in a browser: http://127.0.0.1:" in done.out
    kept = Project(folder=tmp_path / "kept")
    assert "7 resources" in kept.run("validate").out
    assert (kept.folder / "demo.env").stat().st_mode & 0o077 == 0


def test_each_example_is_valid() -> None:
    folders = {path for path in (ROOT / "examples").iterdir() if path.is_dir()}
    for folder in sorted(folders - {ROOT / "examples/pipelines"}):  # workflows, not manifests
        done = run_anywhere("validate", "-f", str(folder), folder=ROOT)
        assert done.code == 0, str(done)


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.fullmatch(r"reconciler \d+\.\d+\.\d+\n", done.stdout)
