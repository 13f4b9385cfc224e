"""Files that somebody asks for: they replace names, follow no link, and leave devices alone."""

import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from reconciler.workflows.outputs import is_special, open_private, write_output


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, written by somebody else, beside one that is none of its business."""
    (tmp_path / "outside").mkdir()
    folder = tmp_path / "checkout"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path / "outside"))
    return folder


def traced(path: Path, data: bytes) -> None:
    """As a trace is written."""
    with os.fdopen(open_private(path), "wb") as file:
        file.write(data)


WAYS = pytest.mark.parametrize("write", [write_output, traced])
Write = Callable[[Path, bytes], None]


@WAYS
@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_replaced_and_what_it_leads_to_stays(
    checkout: Path, write: Write, *, there: bool
) -> None:
    target = checkout.parent / "outside/profile"
    if there:
        target.write_text("mine")
    (checkout / "report.md").symlink_to(target)
    write(Path("report.md"), b"words")
    assert not (checkout / "report.md").is_symlink()
    assert (checkout / "report.md").read_bytes() == b"words"
    assert [path.read_text() for path in target.parent.iterdir()] == ["mine"] * there


@WAYS
@pytest.mark.parametrize("way", ["relative", "absolute"])
def test_a_folder_that_leads_out_of_the_checkout_is_refused(
    checkout: Path, write: Write, way: str
) -> None:
    (checkout / "reports").symlink_to(checkout.parent / "outside")
    path = Path("reports/a.md") if way == "relative" else checkout / "reports/a.md"
    with pytest.raises(OSError, match="leads out of the current folder"):
        write(path, b"words")
    assert list((checkout.parent / "outside").iterdir()) == []


@WAYS
def test_a_link_to_a_pipe_is_a_link_like_any_other(checkout: Path, write: Write) -> None:
    os.mkfifo(checkout.parent / "outside/pipe")
    (checkout / "report.md").symlink_to("../outside/pipe")
    write(Path("report.md"), b"words")
    assert (checkout / "report.md").read_bytes() == b"words"
    assert (checkout / "../outside/pipe").is_fifo()


def test_links_that_stay_inside_and_places_outside_are_as_good_as_any(checkout: Path) -> None:
    (checkout / "real").mkdir()
    (checkout / "reports").symlink_to("real")
    write_output(Path("reports/a.md"), b"inside")
    write_output(Path("../outside/b.md"), b"asked for")
    assert (checkout / "real/a.md").read_bytes() == b"inside"
    assert (checkout / "../outside/b.md").read_bytes() == b"asked for"


@WAYS
def test_a_pipe_stays_a_pipe_with_its_permissions(checkout: Path, write: Write) -> None:
    os.mkfifo("pipe")
    Path("pipe").chmod(0o640)
    heard: list[bytes] = []
    reader = Thread(target=lambda: heard.append(Path("pipe").read_bytes()))
    reader.start()
    write(Path("pipe"), b"words")
    reader.join(30)
    found = Path("pipe").stat().st_mode
    assert (heard, stat.S_ISFIFO(found), stat.S_IMODE(found)) == ([b"words"], True, 0o640)


def test_a_pipe_that_nothing_reads_is_given_up(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.workflows.outputs._PATIENCE", 0.0)
    os.mkfifo("pipe")
    with pytest.raises(OSError, match="nothing reads"):
        write_output(Path("pipe"), b"words")


@WAYS
def test_a_device_stays_a_device_with_its_permissions(write: Write) -> None:
    """A terminal, for where it is no file can be made: `/dev/null` would be lost if this failed."""
    ours, theirs = os.openpty()
    path = Path(os.ttyname(theirs))
    before = path.stat()
    write(path, b"words")
    after = path.stat()
    heard = os.read(ours, 100)
    for descriptor in (ours, theirs):
        os.close(descriptor)
    assert (heard, after.st_mode, after.st_ino) == (b"words", before.st_mode, before.st_ino)


@pytest.mark.parametrize("name", ["null", "full", "stdout", "stderr", "fd/1", "tty"])
def test_what_the_system_has_put_into_dev_is_special(name: str) -> None:
    """Looked at only, for the same reason."""
    assert is_special(Path("/dev") / name)


@pytest.mark.parametrize("form", ["/dev/fd/{}", "/proc/self/fd/{}"])
def test_what_the_process_has_open_is_written_on_where_it_is(checkout: Path, form: str) -> None:
    program = (
        "import os, pathlib, sys; from reconciler.workflows.outputs import write_output\n"
        "n = os.dup(1)\n"
        "os.write(n, b'before, '); write_output(pathlib.Path(sys.argv[1].format(n)), b'words')\n"
        "os.write(n, b', after')\n"
    )
    with Path("log").open("wb") as log:
        subprocess.run([sys.executable, "-c", program, form], stdout=log, check=True)
    assert Path("log").read_bytes() == b"before, words, after"


@pytest.mark.parametrize(("umask", "wanted"), [(0o022, 0o644), (0o077, 0o600), (0o000, 0o644)])
def test_a_new_file_is_as_open_as_the_umask_allows(checkout: Path, umask: int, wanted: int) -> None:
    before = os.umask(umask)
    try:
        write_output(Path("plan"), b"words")
    finally:
        os.umask(before)
    assert stat.S_IMODE(Path("plan").stat().st_mode) == wanted


def test_a_file_that_is_replaced_keeps_its_permissions(checkout: Path) -> None:
    Path("plan").write_text("old")
    Path("plan").chmod(0o606)
    write_output(Path("plan"), b"new")
    assert stat.S_IMODE(Path("plan").stat().st_mode) == 0o606


def test_a_trace_is_private_whatever_was_there(checkout: Path) -> None:
    Path("trace").write_text("old")
    Path("trace").chmod(0o666)
    traced(Path("trace"), b"new")
    assert (Path("trace").read_text(), stat.S_IMODE(Path("trace").stat().st_mode)) == ("new", 0o600)


def test_a_write_that_fails_says_why_and_leaves_the_old_file_and_no_other(checkout: Path) -> None:
    Path("plan").write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_output(Path("plan"), b"x" * 4096)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [(path.name, path.read_text()) for path in checkout.iterdir()] == [("plan", "old")]
