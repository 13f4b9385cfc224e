"""The hook for pre-commit, run by pre-commit itself in a repository of manifests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.e2e.world import space, workspace_manifest
from tests.parts.cli import yaml_text

HOOKS = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of manifests that uses the hook as it is published, but for its installation:
    the tool is the one that is installed here."""
    [hook] = yaml.safe_load(HOOKS.read_text("utf-8"))
    assert hook["language"] == "python"
    local = {**hook, "language": "system", "entry": f"{sys.executable} -m {hook['entry']}"}
    config = {"repos": [{"repo": "local", "hooks": [local]}]}
    (tmp_path / ".pre-commit-config.yaml").write_text(yaml_text(config))
    (tmp_path / "manifests").mkdir()
    _write(tmp_path, "workspace.yaml", workspace_manifest("w1", "https://dust.example"))
    _write(tmp_path, "team.yaml", space("team"))
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


def _write(folder: Path, name: str, manifest: dict[str, object]) -> None:
    (folder / "manifests" / name).write_text(yaml_text(manifest))


def _run(folder: Path) -> subprocess.CompletedProcess[str]:
    subprocess.run(["git", "add", "--all"], cwd=folder, check=True)
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files"],
        cwd=folder,
        env={**os.environ, "PRE_COMMIT_HOME": str(folder / ".cache"), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_passes_manifests_that_are_right(repository: Path) -> None:
    done = _run(repository)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "validate reconciler manifests" in done.stdout


def test_it_stops_a_commit_of_manifests_that_are_wrong(repository: Path) -> None:
    _write(repository, "team.yaml", {**space("team"), "colour": "red"})

    done = _run(repository)

    assert done.returncode == 1
    assert "`colour` is not a field" in done.stdout
