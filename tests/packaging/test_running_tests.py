"""How the tests are run: what is left out is told, and nothing rewrites what they compare with."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts.npm_packages import NPM
from tests.parts.peers import left_out

ROOT = Path(__file__).parents[2]


def ended(command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    """How a command ended, in the repository."""
    environ = {**os.environ, **variables}
    return subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_last_line_tells_what_was_left_out_and_what_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # where there is no npm
    reasons = [f"left out, for want of {part}" for part in ("npm", "dot", "npm", "zsh")]
    assert left_out(["root may read every file", *reasons]) == (
        "left out: tests, 1 for want of dot, 2 for want of npm, 1 for want of zsh; brought by "
        "`apt-get install graphviz npm zsh`"
    )


def test_where_npm_is_the_line_fetches_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert left_out(["left out, for want of npm"]) == (
        "left out: tests, 1 for want of npm; brought by `python -m tests.parts.npm_packages`"
    )


def test_nothing_is_said_where_nothing_was_left_out() -> None:
    assert left_out(["root may read every file"]) == ""


def test_golden_files_cannot_be_rewritten_where_ci_is_set() -> None:
    collecting = [sys.executable, "-m", "pytest", "-q", "--collect-only", "tests/graph"]
    done = ended(collecting, CI="true", RECONCILER_WRITE_GOLDEN="1")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout + done.stderr


def test_the_pipeline_of_this_repository_refuses_to_rewrite_golden_files() -> None:
    done = ended(["bash", ".ci/run"], RECONCILER_WRITE_GOLDEN="1")
    assert (done.returncode, "install" in done.stdout) == (1, False), done.stdout + done.stderr


def test_the_lock_of_the_npm_packages_names_no_place_to_fetch_them_from() -> None:
    lock = (NPM / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in lock
    assert '"integrity"' in lock
