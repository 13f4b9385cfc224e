"""Writing a file in one step, so that a crash leaves the old text or the new."""

import glob
import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from reconciler.state.failures import StateUnwritable

_PATIENCE = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if os.name == "nt" else ()
"""Seconds between tries to replace or remove a file that is read; only Windows refuses that."""
_RANDOM = "[a-z0-9_]" * 8
"""What stands in the name of a file that is being written; anything else is another file's."""
_NEW, _PRIVATE = 0o644, 0o600


def write_atomically(
    path: Path, text: str, *, mode: int | None = None, follow: bool = False
) -> None:
    """Replace the file in one step: a reader sees the old text or the new, a crash either.

    `mode` are its permissions; without it those of the file that is replaced, and for a new one
    what the umask leaves of 0644. With `follow` a link stays a link, and the file that it leads to
    is replaced; only for a state, which was read there before. Raises StateUnwritable.
    """
    try:
        if follow and path.is_symlink():
            path = path.resolve(strict=True)
        replace_file(path, text.encode(), mode=mode)
    except OSError as error:
        raise StateUnwritable(str(path), error.strerror or str(error)) from error


def replace_file(path: Path, *pieces: bytes, mode: int | None = None) -> None:
    """Put a file in the place of what is there, in one step; see `write_atomically`.

    A link is replaced, and what it leads to stays as it is. Raises OSError.
    """
    if mode is None:
        mode = _permissions(path)
    descriptor, temporary = _beside(path, _NEW if mode is None else _PRIVATE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(mode)
        patiently(lambda: temporary.replace(path))
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def _permissions(path: Path) -> int | None:
    """Those of a file; None where there is none, or a link."""
    try:
        found = path.lstat().st_mode
    except FileNotFoundError:
        return None
    return stat.S_IMODE(found) if stat.S_ISREG(found) else None


def _beside(path: Path, mode: int) -> tuple[int, Path]:
    """A new file in the same folder, open for writing."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    while True:
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
        try:
            return os.open(temporary, flags, mode), temporary
        except FileExistsError:
            continue


def mounted_alone(path: Path) -> bool:
    """Whether a file is mounted by itself (`docker run -v state.json:…`), so that nothing can take
    its place. Known on Linux only; elsewhere the write fails."""
    try:
        whole = os.fsencode(path.resolve(strict=True))
        mounts = Path("/proc/self/mountinfo").read_bytes()
    except OSError:
        return False
    escaped = re.sub(rb"[ \t\n\\]", lambda found: b"\\%03o" % ord(found[0]), whole)
    # The fifth field is where it is mounted (proc_pid_mountinfo(5)).
    return any(line.split(b" ")[4:5] == [escaped] for line in mounts.splitlines())


def remove(path: Path) -> None:
    """Remove a file, which may be gone already. Raises StateUnwritable."""
    try:
        patiently(lambda: path.unlink(missing_ok=True))
    except OSError as error:
        raise StateUnwritable(str(path), error.strerror or str(error)) from error


def patiently(act: Callable[[], object], *, patience: Sequence[float] = _PATIENCE) -> None:
    """Do it; where an open file can't be replaced or removed, wait for its reader to close it."""
    for seconds in patience:
        try:
            act()
        except PermissionError:
            time.sleep(seconds)
        else:
            return
    act()


def sweep(*paths: Path) -> None:
    """Remove what runs that were killed left of their writes to these files.

    For whoever is the only one to write them.
    """
    for path in paths:
        try:
            for left in path.parent.glob(f".{glob.escape(path.name)}.{_RANDOM}.tmp"):
                left.unlink(missing_ok=True)
        except OSError as error:
            raise StateUnwritable(str(path), error.strerror or str(error)) from error


def sync_folder(folder: Path) -> None:
    """Make durable which files are in it; Windows has nothing of the kind. Raises OSError."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
