"""Paths read the same on every system."""

from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from reconciler.manifests import load
from reconciler.manifests.portable import below, file_stem, path_problem, shown
from tests.manifests.corpus import WORKSPACE


def test_a_path_is_shown_with_slashes_on_every_system() -> None:
    assert (
        shown(PureWindowsPath(r"manifests\servers\github.yaml")) == "manifests/servers/github.yaml"
    )
    assert shown(PureWindowsPath(r"C:\team\x.yaml")) == "C:/team/x.yaml"
    assert shown(PurePosixPath("manifests/x.yaml")) == "manifests/x.yaml"
    assert PureWindowsPath(shown(PureWindowsPath(r"a\b"))) == PureWindowsPath(r"a\b")


@pytest.mark.parametrize(
    ("folder", "name", "path"),
    [(".", "a.yaml", "a.yaml"), ("m", "a", "m/a"), ("m/", "a", "m/a"), ("/", "a", "/a")],
)
def test_what_is_found_in_a_folder_is_named_below_it(folder: str, name: str, path: str) -> None:
    assert below(folder, name) == path


@pytest.mark.parametrize(
    ("text", "windows", "words"),
    [
        (r".reconciler\acme.json", False, "doesn't separate folders everywhere"),
        (r".reconciler\acme.json", True, "doesn't separate folders everywhere"),
        ("C:/state.json", False, "a drive of Windows"),
        ("state/nul.json", False, "`nul.json` can't be a name"),
        ("COM1", True, "`COM1` can't be a name"),
        ("state./acme.json", False, "`state.` can't be a name"),
        ("C:/aux/acme.json", True, "`aux` can't be a name"),
    ],
)
def test_a_path_that_only_some_systems_take_is_refused(
    text: str, windows: bool, words: str
) -> None:
    problem = path_problem(text, windows=windows)
    assert problem is not None
    assert words in problem[0]


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("../state.json", False),
        ("./.reconciler/acme.json", True),
        ("/var/lib/reconciler/acme.json", False),
        ("C:/state/acme.json", True),
        ("console/nullable.json", False),
        ("state//acme.json", False),
    ],
)
def test_a_path_that_all_take_may_be_used(text: str, windows: bool) -> None:
    assert path_problem(text, windows=windows) is None


def test_a_name_that_is_a_device_gets_another_file() -> None:
    assert file_stem("aux") == "aux_"
    assert file_stem("com1.test") == "com1.test_"
    assert file_stem("github") == "github"


def test_the_place_of_such_a_path_is_told(tmp_path: Path) -> None:
    text = WORKSPACE + "  state: {path: 'state\\acme.json'}\n"
    (tmp_path / "w.yaml").write_text(text)
    (item,) = load([tmp_path]).diagnostics
    assert item.span is not None
    assert (item.span.line, item.code) == (10, "invalid-value")
    assert item.help == ("write `/`, which does",)
