"""Files that somebody asked for: plans, reports, manifests, schemas, traces.

A checkout may bring a link where one of them goes, so a file takes the place of the link, and what
it leads to stays. What is no file, such as a pipe or `/dev/null`, is written to and stays what it
is, with the permissions that it has.
"""

import os
import re
import stat
import sys
import time
from errno import EACCES, EBUSY, ELOOP, ENXIO, EPERM, EROFS, EXDEV
from pathlib import Path

from reconciler.programs import current_checkout
from reconciler.state import replace_file

_PATIENCE = 10.0
"""Seconds that a named pipe may be without a reader."""
_GLANCE = 0.05
_NUMBERED = re.compile(r"/(?:dev|proc/self)/fd/(\d+)")
_NAMED = {"/dev/stdout": 1, "/dev/stderr": 2}
_STUCK = (EACCES, EPERM, EBUSY, EXDEV, EROFS)
"""What keeps a file from being replaced that can be written to: it is mounted by itself, or its
folder takes no new files."""


def write_output(path: Path, *pieces: bytes, mode: int | None = None) -> None:
    """Write a file that was asked for, whole or not at all; see `replace_file` for `mode`.

    Raises OSError, also for a place that a link leads to, out of the current folder.
    """
    _refuse_way_out(path)
    if is_special(path):
        with os.fdopen(_opened(path), "wb") as stream:
            stream.writelines(pieces)
        return
    if path.is_file() and not path.is_symlink() and not os.access(path, os.W_OK):
        raise PermissionError(EACCES, os.strerror(EACCES))
    try:
        replace_file(path, *pieces, mode=mode)
    except OSError as error:
        if error.errno not in _STUCK or not path.is_file():
            raise
        with os.fdopen(os.open(path, _flags(os.O_TRUNC)), "wb") as stream:
            stream.writelines(pieces)


def open_private(path: Path) -> int:
    """A descriptor for writing to a file that nobody else can read; raises OSError."""
    _refuse_way_out(path)
    if is_special(path):
        return _opened(path)
    if path.is_symlink():
        path.unlink()
    descriptor = os.open(path, _flags(os.O_CREAT | os.O_TRUNC), 0o600)
    if sys.platform != "win32":
        os.fchmod(descriptor, 0o600)  # one that was there keeps wider permissions otherwise
    return descriptor


def is_special(path: Path) -> bool:
    """Whether there is something else than a file that can be replaced: a device, a pipe, or what
    this process has open. A link to such a thing counts where the system has put it."""
    if _number(path) is not None:
        return True
    try:
        found = path.lstat().st_mode
        if stat.S_ISLNK(found):
            if Path(os.path.realpath(path.parent)).parts[1:2] not in (("dev",), ("proc",)):
                return False
            found = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(found) or stat.S_ISDIR(found))


def _number(path: Path) -> int | None:
    """The number of what this process has open, where the path says one."""
    whole = os.path.abspath(path)  # noqa: PTH100 - links are not followed
    match = _NUMBERED.fullmatch(whole)
    return int(match[1]) if match else _NAMED.get(whole)


def _opened(path: Path) -> int:
    number = _number(path)
    if number is not None:
        # Opened by its name, a file would be begun anew, over what was written to it before.
        return os.dup(number)
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            # A pipe without a reader would wait for one in silence.
            descriptor = os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            if error.errno != ENXIO or not path.is_fifo():
                raise
            if time.monotonic() > end:
                raise OSError(ENXIO, "it is a pipe that nothing reads") from None
            time.sleep(_GLANCE)
        else:
            if sys.platform != "win32":
                os.set_blocking(descriptor, True)
            return descriptor


def _flags(more: int) -> int:
    return os.O_WRONLY | more | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def _refuse_way_out(path: Path) -> None:
    """Raise OSError for a folder that a link of the checkout makes another one."""
    here = current_checkout()
    parent = os.path.abspath(path.parent)  # noqa: PTH100 - as it is written
    if here is None or not Path(parent).is_relative_to(os.getcwd()):  # noqa: PTH109
        return
    if not Path(os.path.realpath(parent)).is_relative_to(here):
        raise OSError(ELOOP, "a link in its path leads out of the current folder")
