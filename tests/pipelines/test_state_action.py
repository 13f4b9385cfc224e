"""State that is committed: the newest is taken, and what an apply wrote is kept on a branch that
moves; run by real git."""

import subprocess
from pathlib import Path

import pytest

from tests.parts.actions import Machine, StepsDone
from tests.parts.actions.steps import ROOT

ACTION = ROOT / ".github/actions/reconciler-state"
TOKEN = "ghs_that-pushes"


def _git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ana", "-c", "user.email=ana@acme.example")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Somebody's clone of a repository with a state in it."""
    origin, folder = tmp_path / "origin.git", tmp_path / "desk"
    folder.mkdir()
    _git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _git(folder, "remote", "add", "origin", str(origin))
    _push(folder, "state/acme.json", "1")
    return folder


def _push(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(exist_ok=True)
    (folder / path).write_text(text)
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "-m", path)
    _git(folder, "push", "--quiet", "origin", "HEAD:main")


@pytest.fixture
def machine(desk: Path, tmp_path: Path) -> Machine:
    """A runner that has checked out main as it is now."""
    workspace = tmp_path / "workspace"
    _git(tmp_path, "clone", "--quiet", str(tmp_path / "origin.git"), str(workspace))
    return Machine(
        workspace=workspace,
        temp=tmp_path / "temp",
        environ={"GITHUB_SERVER_URL": "https://github.example"},
        stands={},
        context={"github": {"ref_name": "main", "token": TOKEN}},
    )


def _run(machine: Machine, what: str) -> StepsDone:
    return machine.action(ACTION, {"do": what, "state": "state"})


def _on_main(desk: Path, path: str) -> str:
    _git(desk, "fetch", "--quiet", "origin")
    return _git(desk, "show", f"origin/main:{path}")


def test_the_state_that_another_apply_has_committed_meanwhile_is_taken(
    machine: Machine, desk: Path
) -> None:
    _push(desk, "state/acme.json", "2")
    _push(desk, "manifests.yaml", "newer")

    assert _run(machine, "take").code == 0

    assert (machine.workspace / "state/acme.json").read_text() == "2"
    assert not (machine.workspace / "manifests.yaml").exists(), "more than the state was taken"


def test_what_an_apply_wrote_is_kept_on_a_branch_that_has_moved(
    machine: Machine, desk: Path
) -> None:
    _run(machine, "take")
    (machine.workspace / "state/acme.json").write_text("2")
    (machine.workspace / "state/acme.json.lock").write_text("")
    _push(desk, "manifests.yaml", "newer")

    assert _run(machine, "keep").code == 0

    assert _on_main(desk, "state/acme.json") == "2"
    assert _on_main(desk, "manifests.yaml") == "newer"
    assert _git(desk, "ls-tree", "--name-only", "origin/main", "state/") == "state/acme.json"


def test_the_state_of_another_workspace_in_the_folder_stays_as_its_own_job_left_it(
    machine: Machine, desk: Path
) -> None:
    _push(desk, "state/other.json", "1")
    _run(machine, "take")
    (machine.workspace / "state/acme.json").write_text("2")
    (machine.workspace / "state/new.json").write_text("1")
    _push(desk, "state/other.json", "2")

    assert _run(machine, "keep").code == 0

    assert _on_main(desk, "state/acme.json") == "2"
    assert _on_main(desk, "state/new.json") == "1"
    assert _on_main(desk, "state/other.json") == "2"


def test_a_state_that_another_job_has_written_meanwhile_is_not_written_over(
    machine: Machine, desk: Path
) -> None:
    _run(machine, "take")
    (machine.workspace / "state/acme.json").write_text("2")
    _push(desk, "state/acme.json", "3")

    done = _run(machine, "keep")

    assert done.code == 1
    assert "another job has written the same file" in done.annotations("error")[0]
    assert _on_main(desk, "state/acme.json") == "3"
    assert (machine.workspace / "state/acme.json").read_text() == "2", "for the artifact"


def test_nothing_is_kept_where_nothing_was_taken(machine: Machine, desk: Path) -> None:
    _push(desk, "state/acme.json", "2")

    assert _run(machine, "keep").code == 0

    assert _on_main(desk, "state/acme.json") == "2"


def test_a_state_that_did_not_change_makes_no_commit(machine: Machine, desk: Path) -> None:
    _run(machine, "take")
    before = _git(desk, "rev-parse", "origin/main")

    assert _run(machine, "keep").code == 0

    _git(desk, "fetch", "--quiet", "origin")
    assert _git(desk, "rev-parse", "origin/main") == before


def test_a_branch_that_takes_no_push_is_an_error_that_says_where_the_state_is(
    machine: Machine, desk: Path, tmp_path: Path
) -> None:
    hook = tmp_path / "origin.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho protected >&2\nexit 1\n")
    hook.chmod(0o755)
    _run(machine, "take")
    (machine.workspace / "state/acme.json").write_text("2")

    done = _run(machine, "keep")

    assert done.code == 1
    assert "reconciler-state: commit it before the next apply" in done.annotations("error")[0]
    assert (machine.workspace / "state/acme.json").read_text() == "2"


def test_the_token_is_left_in_no_file_and_no_log(machine: Machine) -> None:
    (machine.workspace / "state/acme.json").write_text("2")

    done = _run(machine, "take").log + _run(machine, "keep").log

    kept = (machine.workspace / ".git/config").read_text()
    assert TOKEN not in done + kept
    assert "extraheader" not in kept
