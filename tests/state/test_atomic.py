"""Where an open file can't be replaced, as on Windows, a write waits for its reader."""

from pathlib import Path

import pytest

from reconciler.state.atomic import patiently


class Reader:
    """Holds a file open for so many tries."""

    def __init__(self, tries: int) -> None:
        self.left = tries

    def __call__(self, temporary: Path, path: Path) -> None:
        if self.left:
            self.left -= 1
            raise PermissionError(13, "it is open")
        temporary.replace(path)


def test_it_is_replaced_once_its_reader_has_closed_it(tmp_path: Path) -> None:
    new, path = tmp_path / "new", tmp_path / "state.json"
    new.write_text("new")
    path.write_text("old")
    reader = Reader(tries=2)
    patiently(lambda: reader(new, path), patience=(0, 0, 0))
    assert path.read_text() == "new"


def test_a_reader_that_never_closes_it_is_an_error(tmp_path: Path) -> None:
    reader = Reader(tries=9)
    with pytest.raises(PermissionError):
        patiently(lambda: reader(tmp_path / "new", tmp_path / "state.json"), patience=(0, 0))
