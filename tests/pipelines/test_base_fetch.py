"""The base of a pull request is there when the command asks for it: real git, shallow checkout."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.parts.actions.steps import ROOT

SCRIPT = ROOT / ".github/actions/reconcile/base.sh"
TOKEN = "ghs_that-reads"
REF = "refs/remotes/origin/main"


def _git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ana", "-c", "user.email=ana@acme.example")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """One commit of a branch, and nothing of the others, as a runner checks it out."""
    origin, folder = tmp_path / "origin", tmp_path / "checkout"
    origin.mkdir()
    _git(origin, "init", "--quiet", "--initial-branch=main")
    _git(origin, "commit", "--quiet", "--allow-empty", "-m", "main")
    _git(origin, "checkout", "--quiet", "-b", "feature")
    _git(origin, "commit", "--quiet", "--allow-empty", "-m", "feature")
    single = ("--single-branch", "--branch", "feature", "--depth", "1")
    _git(tmp_path, "clone", "--quiet", *single, origin.as_uri(), str(folder))
    assert _git(folder, "rev-parse", "--verify", "--quiet", REF) == ""
    return folder


def _fetch(checkout: Path, event: str, base: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(SCRIPT)],
        cwd=checkout,
        env={
            "PATH": os.environ["PATH"],
            "BASE": base,
            "DEFAULT": "main",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_SERVER_URL": "https://github.example",
            "TOKEN": TOKEN,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("event", "base"),
    [
        ("pull_request", "main"),
        ("pull_request_review", "main"),
        ("merge_group", "refs/heads/main"),
        ("issue_comment", ""),
        ("workflow_run", ""),
    ],
)
def test_the_base_is_fetched_for_every_event_that_has_one(
    checkout: Path, event: str, base: str
) -> None:
    assert _fetch(checkout, event, base).returncode == 0

    assert _git(checkout, "rev-parse", REF) == _git(checkout.parent / "origin", "rev-parse", "main")
    assert TOKEN not in (checkout / ".git/config").read_text()


def test_nothing_is_fetched_for_a_push(checkout: Path) -> None:
    assert _fetch(checkout, "push", "").returncode == 0
    assert _git(checkout, "rev-parse", "--verify", "--quiet", REF) == ""


def test_a_base_that_is_there_stays_as_it_was_checked_out(checkout: Path) -> None:
    head = _git(checkout, "rev-parse", "HEAD")
    _git(checkout, "update-ref", REF, "HEAD")

    _fetch(checkout, "pull_request", "main")

    assert _git(checkout, "rev-parse", REF) == head


def test_one_that_can_not_be_had_is_left_to_the_command_to_tell(checkout: Path) -> None:
    done = _fetch(checkout, "pull_request", "gone")
    assert done.returncode == 0
    assert "can't be fetched" in done.stdout
