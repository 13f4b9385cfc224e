"""Writing a file in one step, so that a crash leaves the old text or the new."""

import glob
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from reconciler.state.failures import StateUnwritable

_PATIENCE = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if os.name == "nt" else ()
"""Seconds between tries to replace or remove a file that is read; only Windows refuses that."""
_RANDOM = "[a-z0-9_]" * 8
"""What `mkstemp` puts between prefix and suffix; anything else is another file's."""


def write_atomically(path: Path, text: str, *, mode: int | None = None) -> None:
    """Replace the file in one step: a reader sees the old text or the new, a crash either.

    `mode` are its permissions; without it those of the file that is replaced. At no time has it
    wider ones. Raises StateUnwritable.
    """
    path = path.resolve()  # a link stays a link
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if mode is None:
                mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
            temporary.chmod(mode)
            patiently(lambda: temporary.replace(path))
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise StateUnwritable(str(path), error.strerror or str(error)) from error


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
