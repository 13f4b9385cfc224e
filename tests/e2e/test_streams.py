"""stdout and stderr that are full, closed, or of another encoding: words, and the exit code of what
was done."""

import json
import os
import shlex
import subprocess
import sys
from typing import Any

import pytest

from tests.e2e.world import Workspace, space
from tests.parts.cli import Project

SPACE = space("lodz", displayName="Łódź 財務 🚀", access="open")


def run(
    project: Project, command: str, redirects: str = "", **environ: str
) -> "subprocess.CompletedProcess[bytes]":
    """A command in an interpreter of its own, with its streams as a shell redirects them."""
    program = shlex.join([sys.executable, "-P", "-m", "reconciler"])
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        ["bash", "-c", f"{program} {command} {redirects}"],
        cwd=project.folder,
        env={**kept, **project.environ, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    for words in (b"Traceback", b"this is a bug"):
        assert words not in done.stdout + done.stderr, done
    return done


@pytest.mark.parametrize(
    ("command", "lost"),
    [("--help", ">/dev/full"), ("schema", ">&-"), ("plan -f manifests", ">/dev/full")],
)
def test_a_command_whose_output_is_lost_fails_and_says_why(
    project: Project, command: str, lost: str
) -> None:
    done = run(project, command, lost)
    assert done.returncode == 1
    assert b"stdout can't be written: " in done.stderr


def test_an_apply_whose_plan_cannot_be_shown_does_nothing(
    project: Project, workspace: Workspace
) -> None:
    project.write("space.yaml", SPACE)
    assert run(project, "apply -f manifests --yes", ">/dev/full").returncode == 1
    assert "Łódź 財務 🚀" not in workspace.spaces()


@pytest.mark.parametrize(("output", "lost"), [("text", ">/dev/full"), ("json", ">&-")])
def test_an_apply_that_lost_its_stdout_exits_3_and_says_on_stderr_what_was_made(
    project: Project, workspace: Workspace, lost: str, output: str
) -> None:
    project.write("space.yaml", SPACE)
    project.plan("--out", "saved.plan")
    done = run(project, f"apply saved.plan --output {output}", lost)
    assert "Łódź 財務 🚀" in workspace.spaces()
    assert done.returncode == 3
    assert b"what was done can't be printed on stdout: " in done.stderr
    assert (b'"address": "Space/lodz"' if output == "json" else b"Apply: 1 applied") in done.stderr
    project.settled()


def test_a_reader_that_has_gone_is_told_nothing_unless_something_was_done(
    project: Project, workspace: Workspace
) -> None:
    project.write("space.yaml", SPACE)
    gone = "| exec <&-; exit ${PIPESTATUS[0]}"
    planned = run(project, "plan -f manifests --out saved.plan", gone)
    assert (planned.returncode, b"can't" in planned.stderr) == (1, False), planned
    applied = run(project, "apply saved.plan", gone)
    assert (applied.returncode, b"Broken pipe" in applied.stderr) == (3, True), applied
    assert "Łódź 財務 🚀" in workspace.spaces()


@pytest.mark.parametrize("unheard", ["2>/dev/full", "2>&- <&-", "2> >(true)"])
def test_talk_that_nobody_hears_stops_nothing(
    project: Project, workspace: Workspace, unheard: str
) -> None:
    project.write("space.yaml", SPACE)
    done = run(project, "apply -f manifests --yes --output json", unheard)
    assert done.returncode == 0
    assert json.loads(done.stdout)["summary"]["applied"] == 1
    assert "Łódź 財務 🚀" in workspace.spaces()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_whatever_the_encoding_text_can_be_read_and_json_says_the_same(
    project: Project, encoding: str
) -> None:
    project.write("space.yaml", SPACE)

    def told(command: str) -> str:
        done = run(project, command, PYTHONIOENCODING=encoding, NO_COLOR="1")
        assert done.returncode == 0, done
        return done.stdout.decode(encoding)

    text = told("plan -f manifests --out saved.plan")
    name = "Łódź 財務 🚀" if encoding == "utf-8" else r"\u8ca1\u52d9 \ud83d\ude80"
    assert name in text
    shown: Any = json.loads(told("show saved.plan --output json"))
    assert shown == json.loads((project.folder / "saved.plan").read_text("utf-8"))
