"""The image's own build steps, as far as they go without a container engine."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / ".github/docker/Dockerfile"
_UID = "10001"


def _text() -> str:
    return DOCKERFILE.read_text("utf-8")


def _build_step() -> str:
    """The command that builds and installs, on one line."""
    steps: list[str] = re.findall(
        r"^RUN (python -m venv .*?[^\\])$", _text(), re.DOTALL | re.MULTILINE
    )
    (step,) = steps
    return step.replace("\\\n", " ")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may read."""
    with tempfile.TemporaryDirectory(prefix="image-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def test_it_runs_as_a_user_who_is_not_root_and_needs_no_shell() -> None:
    last = _text().rpartition("FROM ")[2]
    assert f"USER {_UID}:{_UID}" in last
    assert 'ENTRYPOINT ["reconciler"]' in last
    assert "PYTHONDONTWRITEBYTECODE=1" in last
    assert last.index("USER") < last.index("ENTRYPOINT")


def test_nothing_but_the_wheels_source_goes_into_the_build() -> None:
    kept = DOCKERFILE.with_name("Dockerfile.dockerignore").read_text("utf-8").splitlines()
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", _text(), re.MULTILINE)
    wanted = {name.removeprefix("./") for line in copied for name in line.split()}
    assert {line.removeprefix("!") for line in kept if line.startswith("!")} == wanted
    assert all((ROOT / name).exists() for name in wanted)


def test_its_extras_are_extras_of_the_package() -> None:
    (extras,) = re.findall(r'^ARG EXTRAS="(.*)"$', _text(), re.MULTILINE)
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert all(f"\n{extra} = [" in project for extra in extras.split(","))


@pytest.mark.timeout(600)
@pytest.mark.skipif(not os.environ.get("CI"), reason="installs from the package index: CI only")
def test_its_build_step_makes_a_program_that_any_user_can_run(folder: Path) -> None:
    source = folder / "src"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "reconciler", source / "reconciler", ignore=leave)
    shutil.copytree(ROOT / ".github/locks", source / "locks")
    home = folder / "opt"
    step = (
        _build_step().replace("/opt/reconciler", str(home)).replace("/wheels", f"{folder}/wheels")
    )
    scripts = Path(sys.base_prefix) / "bin"
    environ = {
        **{k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")},
        "PATH": f"{Path(sys.executable).parent}:{scripts}:{os.environ['PATH']}",
        "EXTRAS": "vault",
    }
    built = subprocess.run(
        ["bash", "-euc", step],
        cwd=source,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    user = ["setpriv", "--reuid", _UID, "--regid", _UID, "--clear-groups"]
    command = [*(user if os.geteuid() == 0 else ()), str(home / "bin/reconciler"), "--version"]
    done = subprocess.run(
        command, cwd="/", env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True
    )
    assert re.fullmatch(r"reconciler \d+\.\d+\.\d+\n", done.stdout)
    installed = {path.name for path in home.glob("lib/python3*/site-packages/*")}
    assert "hvac" in installed, "the extra that was asked for"
    assert "cel_expr_python" not in installed, "and no other"
    assert "pip" not in installed
