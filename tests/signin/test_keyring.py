"""Tokens in the operating system's keyring, where there is one."""

import json
from pathlib import Path

import pytest

from tests.parts.cli import Project
from tests.parts.device_person import expire_all
from tests.parts.sandbox_process import SandboxProcess
from tests.signin.world import describe, log_in, session_files


@pytest.fixture
def ring(project: Project, tmp_path: Path) -> Path:
    """The project's owner has a keyring; the file stands for it."""
    path = tmp_path / "ring.json"
    project.environ |= {
        "PYTHON_KEYRING_BACKEND": "tests.parts.file_keyring.FileKeyring",
        "TEST_KEYRING": str(path),
    }
    return path


def entry(ring: Path) -> dict[str, str]:
    """The only entry's tokens."""
    ((name, text),) = json.loads(ring.read_text()).items()
    assert name.startswith("reconciler/127.0.0.1-")
    found: dict[str, str] = json.loads(text)
    return found


def test_the_keyring_holds_the_tokens_and_the_file_none(
    project: Project, sandbox: SandboxProcess, ring: Path
) -> None:
    assert "the keyring of the operating system" in log_in(project, sandbox).out
    tokens = entry(ring)
    (path,) = session_files(project)
    assert tokens["access"].startswith("ey")
    assert tokens["access"] not in path.read_text()
    assert tokens["refresh"] not in path.read_text()
    describe(project, sandbox.url, "team")
    project.apply()
    project.run("logout")
    assert json.loads(ring.read_text()) == {}
    assert session_files(project) == []


def test_renewed_tokens_go_to_the_keyring(
    project: Project, sandbox: SandboxProcess, ring: Path
) -> None:
    log_in(project, sandbox)
    before = entry(ring)
    expire_all(sandbox.url)
    project.run("whoami")
    after = entry(ring)
    assert before["refresh"] != after["refresh"]
    expire_all(sandbox.url)
    project.run("whoami")


def test_a_keyring_that_is_locked_later_is_named(
    project: Project, sandbox: SandboxProcess, ring: Path
) -> None:
    log_in(project, sandbox)
    project.environ["TEST_KEYRING_LOCKED"] = "yes"
    describe(project, sandbox.url)
    done = project.plan(code=1)
    assert "in the keyring can't be read (KeyringLocked)" in done.err
    assert "unlock" in done.err


def test_a_keyring_that_refuses_leaves_the_private_file(
    project: Project, sandbox: SandboxProcess, ring: Path
) -> None:
    project.environ["TEST_KEYRING_LOCKED"] = "yes"
    done = log_in(project, sandbox)
    assert "kept in a file" in done.err
    (path,) = session_files(project)
    assert "refresh" in path.read_text()
    assert not ring.exists()


@pytest.mark.parametrize("name", ["null", "fail"])
def test_a_backend_that_keeps_nothing_is_no_keyring(
    project: Project, sandbox: SandboxProcess, name: str
) -> None:
    project.environ["PYTHON_KEYRING_BACKEND"] = f"keyring.backends.{name}.Keyring"
    log_in(project, sandbox)
    project.run("whoami")
    assert "refresh" in session_files(project)[0].read_text()
