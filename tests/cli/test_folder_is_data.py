"""The folder that a command runs in is data: nothing in it is run, nothing in it is imported."""

import os
import sys
from pathlib import Path

import pytest

from reconciler.cli.browser import open_page
from reconciler.programs import find, search_path

PAGE = "https://app.example/device?code=ABCD"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, written by somebody else."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return folder


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """Appears when something that the checkout brought was run."""
    return tmp_path / "ran"


def bring_module(folder: Path, name: str, ran: Path) -> None:
    """Put a Python file there that tells when it is imported or run."""
    (folder / f"{name}.py").write_text(f"open({str(ran)!r}, 'a').write({name + ' '!r})\n")


def bring_program(folder: Path, name: str, tells: Path) -> Path:
    """Put a program there that writes down what it was given."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f'#!/bin/sh\necho "{name} $*" >>"{tells}"\n')
    path.chmod(0o755)
    return path


def test_a_page_is_opened_without_a_look_at_modules_beside_the_manifests(
    checkout: Path, ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("webbrowser", "shlex", "shutil", "subprocess", "threading", "sitecustomize"):
        bring_module(checkout, name, ran)
    told = tmp_path / "told"
    monkeypatch.setenv("BROWSER", f"{bring_program(tmp_path / 'bin', 'browser', told)} %s")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(("", ".", str(checkout))))
    assert open_page(PAGE)
    assert told.read_text() == f"browser {PAGE}\n"
    assert not ran.exists(), f"imported: {ran.read_text()}"


@pytest.mark.parametrize("browser", ["firefox", "firefox %s", "./firefox %s", "firefox &"])
def test_no_browser_beside_the_manifests_is_started(
    checkout: Path, ran: Path, browser: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_program(checkout, "firefox", ran)
    bring_program(checkout / "bin", "firefox", ran)
    monkeypatch.setenv("BROWSER", browser)
    inside = ("", ".", "bin", str(checkout), f"{checkout}/bin")
    monkeypatch.setenv("PATH", os.pathsep.join((*inside, "/usr/bin")))
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    open_page("http://127.0.0.1:9/")
    assert not ran.exists()


def test_a_program_is_found_by_its_absolute_path_and_never_in_the_current_folder(
    checkout: Path, ran: Path, tmp_path: Path
) -> None:
    for folder in (checkout, checkout / "bin", tmp_path / "tools"):
        bring_program(folder, "sops", ran)
    (tmp_path / "way-in").symlink_to(checkout / "bin")
    (checkout / "way-out").symlink_to(tmp_path / "tools")
    inside = ["", ".", "bin", "../checkout", str(checkout), f"{checkout}/bin/../bin"]
    inside += [str(tmp_path / "way-in"), str(checkout / "way-out"), f"{tmp_path}/tools/../checkout"]
    assert search_path(os.pathsep.join(inside)) == ""
    assert find("sops", {"PATH": os.pathsep.join(inside)}) is None
    whole = os.pathsep.join((*inside, str(tmp_path / "tools")))
    assert find("sops", {"PATH": whole}) == str(tmp_path / "tools/sops")


def test_the_environment_of_the_tool_itself_may_be_in_the_checkout(
    checkout: Path, ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", str(checkout / ".venv"))
    (checkout / ".venv").mkdir()
    program = bring_program(checkout / ".venv/bin", "sops", ran)
    assert find("sops", {"PATH": str(checkout / ".venv/bin")}) == str(program)


@pytest.mark.parametrize("where", ["home", "."])
def test_at_home_or_above_it_ones_own_programs_are_found(
    checkout: Path, ran: Path, tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    program = bring_program(tmp_path / "home/bin", "op", ran)
    monkeypatch.chdir(tmp_path / where)
    assert find("op", {"PATH": str(tmp_path / "home/bin")}) == str(program)
    assert find("op", {"PATH": "bin"}) is None


def test_a_folder_or_a_file_that_cannot_be_run_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "a/op").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "b/op").write_text("words")
    assert find("op", {"PATH": f"{tmp_path}/a{os.pathsep}{tmp_path}/b"}) is None
    assert find("op", {}) is None
