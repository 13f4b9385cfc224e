"""`{file: path}`: regular files only, nothing that hangs, nothing quoted."""

import os
import socket
import stat
from pathlib import Path

import pytest

from reconciler.diagnostics import Code
from reconciler.secrets.file import MAX_BYTES
from tests.secrets.outcomes import failed, outcome, revealed


def write(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


def test_a_file_is_the_secret(tmp_path: Path) -> None:
    assert revealed(outcome("file", write(tmp_path / "token", b"canary"))) == "canary"


def test_a_relative_path_starts_at_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "token", b"canary")
    monkeypatch.chdir(tmp_path)
    assert revealed(outcome("file", "token")) == "canary"


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_one_final_line_break_is_dropped(tmp_path: Path, end: bytes) -> None:
    assert revealed(outcome("file", write(tmp_path / "token", b"canary" + end))) == "canary"


@pytest.mark.parametrize("end", [b"\n\n", b"\r", b"\r\n\r\n", b"\nmore"])
def test_any_other_line_break_is_malformed(tmp_path: Path, end: bytes) -> None:
    found = failed(outcome("file", write(tmp_path / "token", b"canary" + end)))
    assert found.code is Code.SECRET_MALFORMED
    assert "line break" in found.message


def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    write(tmp_path / "..data", b"canary")
    (tmp_path / "token").symlink_to("..data")
    assert revealed(outcome("file", str(tmp_path / "token"))) == "canary"


@pytest.mark.parametrize("name", ["absent", "token/below-a-file"])
def test_an_absent_file_is_missing(tmp_path: Path, name: str) -> None:
    write(tmp_path / "token", b"canary")
    found = failed(outcome("file", str(tmp_path / name)))
    assert found.code is Code.SECRET_MISSING
    assert str(tmp_path / name) in found.message


def test_a_dangling_link_is_missing(tmp_path: Path) -> None:
    (tmp_path / "token").symlink_to("nowhere")
    assert failed(outcome("file", str(tmp_path / "token"))).code is Code.SECRET_MISSING


def test_a_loop_of_links_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "token").symlink_to("token")
    found = failed(outcome("file", str(tmp_path / "token")))
    assert found.code is Code.SECRET_UNREACHABLE
    assert "symbolic links" in found.message


def test_a_directory_is_malformed(tmp_path: Path) -> None:
    found = failed(outcome("file", str(tmp_path)))
    assert found.code is Code.SECRET_MALFORMED
    assert "is a directory" in found.message


def test_a_fifo_is_malformed_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    found = failed(outcome("file", str(tmp_path / "pipe")))
    assert found.code is Code.SECRET_MALFORMED
    assert "a pipe, socket or device" in found.message


def test_a_path_that_becomes_a_fifo_after_the_first_look_does_not_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    regular = Path(write(tmp_path / "token", b"canary")).stat()
    monkeypatch.setattr(os, "stat", lambda *_, **__: regular)
    found = failed(outcome("file", str(tmp_path / "pipe")))
    monkeypatch.undo()
    assert "a pipe, socket or device" in found.message


def test_a_socket_is_malformed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket has a short limit
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        assert failed(outcome("file", "socket")).code is Code.SECRET_MALFORMED


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/tty"])
def test_a_device_is_malformed(device: str) -> None:
    assert failed(outcome("file", device)).code is Code.SECRET_MALFORMED


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file_is_denied(tmp_path: Path) -> None:
    path = write(tmp_path / "token", b"canary")
    Path(path).chmod(0)
    assert failed(outcome("file", path)).code is Code.SECRET_DENIED


def test_a_refused_open_is_denied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "token", b"canary")

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "open", refuse)  # root can't be refused by the mode of a file
    assert failed(outcome("file", path)).code is Code.SECRET_DENIED


@pytest.mark.parametrize("content", [b"", b"\n", b" \t\n"])
def test_a_blank_file_is_empty(tmp_path: Path, content: bytes) -> None:
    assert failed(outcome("file", write(tmp_path / "token", content))).code is Code.SECRET_EMPTY


def test_bytes_that_are_not_utf8_are_malformed_and_not_quoted(tmp_path: Path) -> None:
    found = failed(outcome("file", write(tmp_path / "token", b"canary\xff\xfe")))
    assert found.code is Code.SECRET_MALFORMED
    assert "UTF-8" in found.message
    assert "canary" not in repr(found)


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "token", b"a" * MAX_BYTES)
    assert len(revealed(outcome("file", path))) == MAX_BYTES


def test_a_larger_file_is_malformed(tmp_path: Path) -> None:
    path = write(tmp_path / "token", b"a" * (MAX_BYTES + 1))
    found = failed(outcome("file", path))
    assert found.code is Code.SECRET_MALFORMED
    assert "64 KiB" in found.message


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_what_is_no_path_is_malformed(path: str) -> None:
    assert failed(outcome("file", path)).code is Code.SECRET_MALFORMED


def test_reading_leaves_no_descriptor_open(tmp_path: Path) -> None:
    path = write(tmp_path / "token", b"canary")
    outcome("file", path)
    open_files = [
        os.fstat(int(name.name)) for name in Path("/proc/self/fd").iterdir() if name.exists()
    ]
    regular = [status for status in open_files if stat.S_ISREG(status.st_mode)]
    assert Path(path).stat().st_ino not in {status.st_ino for status in regular}
