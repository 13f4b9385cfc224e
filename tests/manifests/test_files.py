"""Which files are read, and what is said about those that can't be."""

import os
import sys
from pathlib import Path

import pytest

from reconciler.diagnostics import Code
from reconciler.manifests import Loaded, files, load
from tests.manifests.corpus import FINANCE, SERVER, WORKSPACE


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _write(name: str, text: str | bytes) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def _codes(loaded: Loaded) -> list[Code]:
    return [item.code for item in loaded.diagnostics]


def test_a_folder_is_searched_for_yaml_and_yml_and_hidden_things_are_skipped() -> None:
    _write("m/workspace.yaml", WORKSPACE)
    _write("m/deep/er/space.yml", FINANCE)
    _write("m/README.md", "# : not yaml [")
    _write("m/.hidden.yaml", "[")
    _write("m/.git/config.yaml", "[")
    loaded = load([Path("m")])
    assert loaded.files == ("m/deep/er/space.yml", "m/workspace.yaml")
    assert loaded.desired is not None


def test_a_file_that_is_named_is_read_whatever_its_ending() -> None:
    assert load([_write("workspace.txt", WORKSPACE)]).desired is not None


def test_a_file_that_is_reached_twice_is_read_once_in_any_order() -> None:
    _write("m/a.yaml", WORKSPACE)
    Path("m/b.yaml").symlink_to("a.yaml")
    paths = [Path("m"), Path("m/b.yaml"), Path("m/a.yaml")]
    assert load(paths).files == load(paths[::-1]).files == ("m/a.yaml",)


def test_linked_files_and_folders_are_followed() -> None:
    _write("elsewhere/workspace.yaml", WORKSPACE)
    _write("..data/space.yaml", FINANCE)
    Path("m").mkdir()
    Path("m/linked").symlink_to("../elsewhere")
    Path("m/space.yaml").symlink_to("../..data/space.yaml")
    assert load([Path("m")]).files == ("m/linked/workspace.yaml", "m/space.yaml")


def test_a_folder_that_links_to_one_above_it_is_a_loop() -> None:
    _write("m/workspace.yaml", WORKSPACE)
    Path("m/inner").mkdir()
    Path("m/inner/again").symlink_to("..")
    assert _codes(load([Path("m")])) == [Code.SYMLINK_LOOP]


def test_a_link_to_itself_is_a_loop() -> None:
    _write("m/workspace.yaml", WORKSPACE)
    Path("m/a.yaml").symlink_to("a.yaml")
    assert _codes(load([Path("m")])) == [Code.SYMLINK_LOOP]


def test_folders_that_link_to_each_other_are_read_once() -> None:
    for name in ("a", "b", "c"):
        _write(f"m/{name}/space.yaml", FINANCE.replace("finance", name))
        for other in {"a", "b", "c"} - {name}:
            Path(f"m/{name}/{other}").symlink_to(f"../{other}")
    _write("m/workspace.yaml", WORKSPACE)
    loaded = load([Path("m")])
    assert len(loaded.files) == 4
    assert loaded.desired is not None


def test_a_path_that_does_not_exist_is_reported_by_name() -> None:
    loaded = load([Path("nowhere")])
    assert _codes(loaded) == [Code.FILE_NOT_FOUND]
    assert "`nowhere`" in loaded.diagnostics.items[0].message


def test_a_link_to_nothing_is_reported() -> None:
    _write("m/workspace.yaml", WORKSPACE)
    Path("m/a.yaml").symlink_to("gone.yaml")
    assert _codes(load([Path("m")])) == [Code.FILE_NOT_FOUND]


def test_an_empty_folder_has_no_manifests() -> None:
    Path("m").mkdir()
    assert _codes(load([Path("m")])) == [Code.NO_MANIFESTS]


def test_files_with_nothing_but_comments_have_no_manifests() -> None:
    assert _codes(load([_write("a.yaml", "# nothing yet\n---\n---\n")])) == [Code.NO_MANIFESTS]


def test_no_paths_give_no_manifests() -> None:
    assert _codes(load([])) == [Code.NO_MANIFESTS]


def test_empty_documents_between_manifests_are_skipped() -> None:
    text = f"---\n# first\n---\n{WORKSPACE}---\n---\n{FINANCE}...\n"
    desired = load([_write("a.yaml", text)]).desired
    assert desired is not None
    assert [str(address) for address in desired.resources] == ["Space/finance"]


def test_a_named_pipe_is_not_opened() -> None:
    _write("m/workspace.yaml", WORKSPACE)
    os.mkfifo("m/pipe.yaml")
    assert _codes(load([Path("m")])) == [Code.FILE_UNREADABLE]


def test_a_device_is_not_opened() -> None:
    assert _codes(load([Path("/dev/zero")])) == [Code.FILE_UNREADABLE]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_unreadable() -> None:
    path = _write("a.yaml", WORKSPACE)
    path.chmod(0)
    assert _codes(load([path])) == [Code.FILE_UNREADABLE]


def test_a_file_over_the_limit_is_not_parsed() -> None:
    path = _write("a.yaml", WORKSPACE + "#" * files.MAX_FILE_BYTES)
    assert _codes(load([path])) == [Code.FILE_TOO_LARGE]


def test_all_files_together_have_a_limit() -> None:
    for number in range(files.MAX_TOTAL_BYTES // files.MAX_FILE_BYTES + 1):
        with Path(f"{number}.yaml").open("wb") as file:
            file.write(b"#\n")
            file.write(b"#" * (files.MAX_FILE_BYTES - 2))
    assert _codes(load([Path()])) == [Code.FILE_TOO_LARGE]


def test_a_byte_order_mark_is_no_fault() -> None:
    text = b"\xef\xbb\xbf" + WORKSPACE.replace("region: eu", "region: xx").encode()
    loaded = load([_write("a.yaml", text)])
    assert str(loaded.diagnostics.items[0].span) == "a.yaml:7:11"


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_another_encoding_is_reported_where_it_shows(encoding: str) -> None:
    text = WORKSPACE.replace("acme", "café").encode(encoding)
    loaded = load([_write("a.yaml", text)])
    assert _codes(loaded) == [Code.FILE_ENCODING]
    place = "a.yaml:1:1" if encoding == "utf-16" else "a.yaml:3:21"
    assert str(loaded.diagnostics.items[0].span) == place


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\ufffe"])
def test_control_characters_are_reported_where_they_are(character: str) -> None:
    loaded = load([_write("a.yaml", SERVER + f"  description: a{character}b\n")])
    assert _codes(loaded) == [Code.FILE_ENCODING]
    assert str(loaded.diagnostics.items[0].span) == "a.yaml:6:17"


def test_columns_count_characters_and_lines_count_any_line_break() -> None:
    text = FINANCE.replace("\n", "\r\n") + '  groups: ["équipe 🎉", 5]\r\n'
    loaded = load([_write("a.yaml", WORKSPACE + "---\n" + text)])
    assert str(loaded.diagnostics.items[0].span) == "a.yaml:16:24"


def test_a_broken_file_makes_nothing_else_look_missing() -> None:
    _write("m/workspace.yaml", "[")
    _write("m/server.yaml", SERVER + "  spaces: [finance]\n")
    assert _codes(load([Path("m")])) == [Code.YAML_SYNTAX]


def test_documents_before_a_syntax_error_are_checked_too() -> None:
    text = SERVER + "  icon: Nope\n---\n["
    assert _codes(load([_write("a.yaml", text)])) == [Code.UNKNOWN_ICON, Code.YAML_SYNTAX]


def test_one_workspace_is_chosen_by_name_among_several() -> None:
    path = _write("a.yaml", WORKSPACE + "---\n" + WORKSPACE.replace("acme", "other"))
    desired = load([path], workspace="other").desired
    assert desired is not None
    assert desired.workspace.name == "other"


def test_a_workspace_that_is_not_there_is_reported_with_those_that_are() -> None:
    loaded = load([_write("a.yaml", WORKSPACE)], workspace="nope")
    assert _codes(loaded) == [Code.MISSING_WORKSPACE]
    assert "`acme`" in loaded.diagnostics.items[0].help[0]


def test_manifests_without_a_workspace_are_reported() -> None:
    assert _codes(load([_write("a.yaml", FINANCE)])) == [Code.MISSING_WORKSPACE]


def test_the_root_is_the_folder_of_the_workspace_manifest() -> None:
    _write("m/deep/workspace.yaml", WORKSPACE)
    desired = load([Path("m")]).desired
    assert desired is not None
    assert desired.workspace.root == "m/deep"
