"""Hints that help on, where somebody reads them and nowhere else."""

import os
import sys
from pathlib import Path

import pytest

from tests.parts.cli import run_anywhere
from tests.parts.terminal import Terminal

_HINT = "for more about a code: reconciler explain missing-field"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one faulty manifest."""
    (tmp_path / "fault.yaml").write_text("apiVersion: reconciler/v1\nkind: Space\nspec: {}\n")
    return tmp_path


@pytest.mark.parametrize("command", [["validate"], ["plan"]])
def test_a_terminal_is_told_where_a_code_is_explained(folder: Path, command: list[str]) -> None:
    words = [sys.executable, "-m", "reconciler", *command]
    environ = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1"}
    with Terminal(words, columns=80, folder=folder, environ=environ) as terminal:
        assert terminal.end() == 1
        assert _HINT in terminal.shown


def test_a_log_is_not(folder: Path) -> None:
    done = run_anywhere("validate", folder=folder)
    assert done.code == 1
    assert "missing-field" in done.err
    assert "reconciler explain" not in done.err


@pytest.mark.parametrize("option", ["--debug", "-q", "--no-color"])
def test_an_option_behind_the_command_that_belongs_before_it_is_told_so(
    folder: Path, option: str
) -> None:
    done = run_anywhere("validate", option, folder=folder)
    assert done.code == 64
    assert f"`reconciler {option} COMMAND …`" in done.err


def test_an_unknown_topic_is_wrong_usage_with_what_was_perhaps_meant(folder: Path) -> None:
    done = run_anywhere("explain", "unknown-feild", "--output", "json", folder=folder)
    assert done.code == 64
    assert "did you mean `unknown-field`" in done.json["message"]


def test_a_debug_file_that_cannot_be_written_is_wrong_usage(folder: Path) -> None:
    done = run_anywhere("--debug-file", "no/such/folder/x", "validate", folder=folder)
    assert done.code == 64
    assert "can't be written" in done.err
