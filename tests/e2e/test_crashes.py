"""A bug of ours: it says so, in words without any secret, and state stays usable."""

import json
import os
import secrets
import subprocess
import sys

import pytest

from tests.e2e.crashing_program import PLACES
from tests.e2e.world import ADMIN, Servers, Workspace, server, space
from tests.parts.cli import Done, Project, texts_under

_APPLY = ("apply", "-f", "manifests", "--yes")


@pytest.fixture
def canary(project: Project, servers: Servers) -> str:
    """The token of a server that the project is about to create."""
    value = f"canary-{secrets.token_urlsafe(24)}"
    project.environ["CANARY"] = value
    auth = {"mode": "bearer", "token": {"env": "CANARY"}}
    project.write("a.yaml", space("team"), server("a", servers.open.url, auth=auth))
    return value


def crash(project: Project, place: str, *arguments: str) -> Done:
    """Run the command with a bug at a place."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    process = subprocess.run(
        [sys.executable, "-m", "tests.e2e.crashing_program", place, *arguments],
        cwd=project.folder,
        env={**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **project.environ},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    return Done(
        arguments=arguments, code=process.returncode, out=process.stdout, err=process.stderr
    )


@pytest.mark.parametrize("place", ["planning", "writing"])
def test_a_bug_says_so_without_a_traceback(project: Project, canary: str, place: str) -> None:
    done = crash(project, place, *_APPLY)

    assert done.code == 1, str(done)
    assert "this is a bug in reconciler" in done.err
    assert "(RuntimeError)" in done.err
    assert "Traceback" not in done.out + done.err
    assert ".py" not in done.err, "the places in our code are for --debug"
    assert _leaks(project, canary, done) == []


@pytest.mark.parametrize("place", PLACES)
def test_with_debug_a_bug_tells_where_it_is_and_no_secret(
    project: Project, canary: str, place: str
) -> None:
    done = crash(project, place, "--debug", *_APPLY)

    assert done.code == 1, str(done)
    assert "crashing_program.py:" in done.err
    assert _leaks(project, canary, done) == []


def test_a_bug_is_a_document_too(project: Project, canary: str) -> None:
    done = crash(project, "planning", *_APPLY, "--output", "json")

    assert done.json["format"] == "reconciler.failure/v1"
    assert "this is a bug" in done.json["message"]
    assert _leaks(project, canary, done) == []


@pytest.mark.parametrize("place", ["remembering", "reporting"])
def test_after_a_bug_the_next_apply_converges(
    project: Project, workspace: Workspace, canary: str, place: str
) -> None:
    crash(project, place, *_APPLY)

    project.apply()

    project.settled()
    ours = [s for s in workspace.servers().values() if "127.0.0.1" in (s.get("url") or "")]
    assert len(ours) == 1, "something was made twice"
    state = json.loads((project.folder / "state.json").read_text())
    assert set(state["resources"]) == {"Space/team", "MCPServer/a"}


def _leaks(project: Project, canary: str, done: Done) -> list[str]:
    places = [(str(path), text) for path, text in texts_under(project.folder)]
    places.append(("output", (done.out + done.err).encode()))
    return [place for place, text in places for value in (canary, ADMIN) if value.encode() in text]
