"""The folder that a command runs in is data: nothing in it is run, nothing in it is imported."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import reconciler
from reconciler.cli.browser import open_page
from reconciler.programs import find, leave_out_current_folder, search_path

ROOT = Path(reconciler.__file__).parent
STARTS = {
    "cli/browser.py",
    "secrets/programs.py",
    "workflows/base_branch.py",
    "workflows/demo/stage.py",
    "workflows/demo/story.py",
}
"""Who may start other programs: by their absolute path, or by what `reconciler.programs` says."""
LOADS = {
    "cli/entry.py",
    "secrets/libraries.py",
    "secrets/plugins.py",
    "secrets/registry.py",
    "sandbox/probe.py",
}
"""Who may import by a name that is made while it runs: names of our own, of what the extras bring,
and entry points of installed packages."""
STARTERS = {
    *map("import {}".format, ("subprocess", "multiprocessing", "pty", "webbrowser", "runpy")),
    *map("os.{}".format, ("system", "popen", "startfile", "fork", "forkpty")),
    *map("asyncio.{}".format, ("create_subprocess_exec", "create_subprocess_shell")),
    *("shutil.which", "ProcessPoolExecutor", "stdio_client", "open_process", "run_process"),
}
LOADERS = {"import_module", "importlib.import_module", "__import__", "exec", "eval", "compile"}
LOADERS |= {"EntryPoint", "spec_from_file_location"}
PAGE = "https://app.example/device?code=ABCD"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, written by somebody else."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return folder


def run_fresh(command: list[str], environ: dict[str, str]) -> str:
    """What a command of an interpreter of its own says."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        command, env={**kept, **environ}, capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout + done.stderr


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
    assert search_path(os.pathsep.join(inside)) == os.defpath
    assert find("sops", {"PATH": os.pathsep.join(inside)}) is None
    whole = os.pathsep.join((*inside, str(tmp_path / "tools")))
    assert find("sops", {"PATH": whole}) == str(tmp_path / "tools/sops")


@pytest.mark.parametrize(
    ("command", "before"),
    [
        ([str(Path(sys.executable).with_name("reconciler"))], set()),
        ([sys.executable, "-I", "-m", "reconciler"], set()),
        # For `-m` Python itself imports some of its own before any line of ours.
        ([sys.executable, "-m", "reconciler"], sys.stdlib_module_names),
    ],
    ids=["command", "isolated module", "module"],
)
def test_a_command_imports_no_module_from_beside_the_manifests(
    checkout: Path, ran: Path, command: list[str], before: AbstractSet[str]
) -> None:
    """A file for every module there is, the standard library's included."""
    for name in {*packages_distributions(), *sys.stdlib_module_names} - before - {"reconciler"}:
        bring_module(checkout, name, ran)
    (checkout / "manifests").mkdir()
    (checkout / "manifests/space.yaml").write_text("kind: Space\n")
    done = run_fresh([*command, "validate"], {})
    assert "missing-field" in done, done
    assert not ran.exists(), f"imported: {ran.read_text()}"


def test_a_search_path_that_begins_with_the_current_folder_brings_no_library(
    checkout: Path, ran: Path
) -> None:
    """`PYTHONPATH=$PYTHONPATH:/x` has an empty entry where nothing was set before."""
    for name in ("click", "yaml", "pydantic", "httpx2", "rich", "filelock", "jsonschema"):
        bring_module(checkout, name, ran)
    (checkout / "manifests").mkdir()
    (checkout / "manifests/space.yaml").write_text("kind: Space\n")
    script = Path(sys.executable).with_name("reconciler")
    done = run_fresh([str(script), "validate"], {"PYTHONPATH": ":/nowhere"})
    assert "missing-field" in done, done
    assert not ran.exists(), f"imported: {ran.read_text()}"


def test_libraries_find_programs_where_we_do(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Google's library starts `gcloud` by its name, Azure's `az`."""
    monkeypatch.setattr(sys, "path", ["", "lib", str(checkout / "lib"), *sys.path])
    monkeypatch.setenv("PATH", os.pathsep.join((".", str(checkout / "bin"), "/usr/bin")))
    before = sys.path[3:]
    leave_out_current_folder()
    assert sys.path == before
    assert os.environ["PATH"] == "/usr/bin"


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


def names_in(tree: ast.AST) -> Iterator[str]:
    """Names that code uses, with the module where it is said; what it imports as `import NAME`."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (f"import {each.name.partition('.')[0]}" for each in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield f"import {module.partition('.')[0]}"
                yield from (f"{module}.{each.name}" for each in names)
                yield from (each.name for each in names)
            case ast.Attribute(value=value, attr=name):
                yield f"{value.id if isinstance(value, ast.Name) else ''}.{name}"
            case ast.Name(id=name):
                yield name


def starts_a_program(name: str) -> bool:
    """Whether it is a way to start one, or to look for one."""
    return name in STARTERS or name.startswith(("os.exec", "os.spawn", "os.posix_spawn"))


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Each module of ours by its path below the package."""
    for path in sorted(ROOT.rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def test_only_modules_that_were_looked_at_start_programs_or_import_by_a_name_made_up() -> None:
    trees = dict(modules())
    starting = {
        where for where, tree in trees.items() if any(map(starts_a_program, names_in(tree)))
    }
    loading = {where for where, tree in trees.items() if LOADERS & set(names_in(tree))}
    assert (starting, loading) == (STARTS, LOADS)


def test_python_is_started_by_the_two_functions_that_leave_out_the_current_folder() -> None:
    found = [
        where
        for where, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.List | ast.Tuple | ast.Call)
        and any(
            isinstance(each, ast.Attribute) and each.attr == "executable"
            for each in (node.args if isinstance(node, ast.Call) else node.elts)
        )
    ]
    assert {where for where in found if where != "cli/browser.py"} == {"programs.py"}


@pytest.mark.parametrize("command", ["validate", "plan --report json={}/r.json", "--help"])
def test_a_current_folder_that_is_gone_is_told(
    checkout: Path, tmp_path: Path, command: str
) -> None:
    """As after `git switch` to a branch without it."""
    program = Path(sys.executable).with_name("reconciler")
    leaving = f"rmdir ../checkout && {program} {command.format(tmp_path)}"
    said = run_fresh(["sh", "-c", leaving], {})
    assert "this is a bug" not in said
    if command == "--help":
        assert "Usage" in said
    else:
        assert "the current folder is gone" in said
        assert "r.json" not in command or "is gone" in (tmp_path / "r.json").read_text()
