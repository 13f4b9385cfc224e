"""Files by the names that their repository knows them by."""

from pathlib import Path

import pytest

from reconciler.workflows.repository import repository_names


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a manifest in a folder."""
    top = tmp_path / "repo"
    (top / ".git").mkdir(parents=True)
    (top / "manifests").mkdir()
    (top / "manifests" / "a.yaml").touch()
    return top


@pytest.mark.parametrize(
    ("here", "name"),
    [
        (".", "manifests/a.yaml"),
        (".", "./manifests/../manifests/a.yaml"),
        ("manifests", "a.yaml"),
        ("manifests", "../manifests/a.yaml"),
        ("..", "repo/manifests/a.yaml"),
    ],
)
def test_a_name_is_from_the_top_wherever_the_command_runs(
    repository: Path, here: str, name: str
) -> None:
    names = repository_names(here=repository / here, environ={})
    assert names(name) == "manifests/a.yaml"


def test_an_absolute_name_is_from_the_top_too(repository: Path, tmp_path: Path) -> None:
    names = repository_names(here=tmp_path, environ={})
    assert names(str(repository / "manifests" / "a.yaml")) == "manifests/a.yaml"


def test_a_worktree_is_a_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /elsewhere")
    (tmp_path / "a.yaml").touch()
    assert repository_names(here=tmp_path, environ={})("a.yaml") == "a.yaml"


@pytest.mark.parametrize("variable", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_without_git_the_pipeline_says_where_the_top_is(tmp_path: Path, variable: str) -> None:
    folder = tmp_path / "checkout" / "sub"
    folder.mkdir(parents=True)
    (folder / "a.yaml").touch()
    environ = {variable: str(tmp_path / "checkout")}
    assert repository_names(here=folder, environ=environ)("a.yaml") == "sub/a.yaml"


def test_without_any_of_that_names_are_from_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").touch()
    names = repository_names(here=tmp_path, environ={})
    assert names(str(tmp_path / "a.yaml")) == "a.yaml"


def test_a_file_outside_of_all_that_keeps_its_absolute_name(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    other = tmp_path / "a.yaml"
    other.touch()
    assert repository_names(here=tmp_path / "here", environ={})(str(other)) == other.as_posix()


def test_a_name_that_leads_to_no_file_is_left_as_it_is(tmp_path: Path) -> None:
    assert repository_names(here=tmp_path, environ={})("manifests/gone.yaml") == (
        "manifests/gone.yaml"
    )
