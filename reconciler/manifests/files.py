"""Finds the manifest files under the given paths, each real file once, and reads their bytes."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.diagnostics import Code
from reconciler.manifests.faults import Fault, InFile
from reconciler.manifests.limits import MAX_COUNTED
from reconciler.manifests.portable import below, shown

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MAX_FILE_BYTES = 8 * 1024 * 1024
MAX_TOTAL_BYTES = 64 * 1024 * 1024
MAX_ENTRIES = 1_000_000
"""Files and folders that a search looks at; a checkout with its dependencies has fewer."""
MAX_LINKED_ENTRIES = 20_000
"""Those behind links to folders: one to `/` or `/proc` has no end worth waiting for."""
_SUFFIXES = (".yaml", ".yml")
_OPEN_FLAGS = sum(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NONBLOCK", "O_BINARY"))


@dataclass(slots=True)
class Found:
    """The files in the order of their names, and what went wrong on the way."""

    files: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def find(paths: Iterable[Path]) -> Found:
    """Every manifest file at or below `paths`.

    A path may be a file of any name, or a folder, which is searched for `*.yaml` and `*.yml`;
    hidden files and folders are skipped. A file that is reached twice is taken once, by the name
    that sorts first, so that the order of `paths` doesn't matter.
    """
    walk = _Walk()
    for path in sorted(set(map(shown, paths))):
        walk.start(path)
    walk.follow_links()
    by_name = sorted(walk.files.items(), key=lambda item: item[1])
    return Found([name for _identity, name in by_name], walk.faults)


def is_manifest_name(name: str, start: str) -> bool:
    """Whether `find` would take the file `name` for the path `start`, both written with `/`; an
    empty `start` is the folder that all names are relative to."""
    if name == start:
        return True
    if start and not name.startswith(f"{start}/"):
        return False
    parts = name[len(start) :].lstrip("/").split("/")
    return name.lower().endswith(_SUFFIXES) and not any(part.startswith(".") for part in parts)


class _Walk:
    """One search: files by identity, folders seen, and linked folders left for the end."""

    def __init__(self) -> None:
        self.files: dict[tuple[int, int], str] = {}
        self.faults: list[Fault] = []
        self._seen: set[str] = set()
        self._links: list[str] = []
        self._left = MAX_ENTRIES

    def start(self, path: str) -> None:
        status = self._status(path)
        if status is None:
            return
        if stat.S_ISDIR(status.st_mode):
            before = len(self.files), len(self.faults), len(self._links)
            self._folder(path)
            if before == (len(self.files), len(self.faults), len(self._links)):
                self._maybe_empty(path)
        else:
            self._file(path, status)

    def follow_links(self) -> None:
        """Linked folders come last, so that a real folder is known by its real name."""
        self._left = min(self._left, MAX_LINKED_ENTRIES)
        while self._links:
            path = self._links.pop(0)
            real = os.path.realpath(path)
            parent = os.path.realpath(os.path.dirname(path) or ".")  # noqa: PTH120 - names as given
            if parent == real or parent.startswith(real.rstrip(os.sep) + os.sep):
                self._add(Code.SYMLINK_LOOP, f"`{path}` links to a folder that contains it")
            else:
                self._folder(path)

    def _maybe_empty(self, path: str) -> None:
        if not any(name.startswith(path.rstrip("/") + "/") for name in self.files.values()):
            self._add(
                Code.NO_MANIFESTS,
                f"no manifests in the folder `{path}`",
                help=("manifests are files that end in `.yaml` or `.yml`",),
            )

    def _folder(self, path: str) -> None:
        real = os.path.realpath(path)
        if real in self._seen or self._left < 0:
            return
        self._seen.add(real)
        try:
            with os.scandir(path) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            self._unreadable(path, error)
            return
        self._left -= len(entries)
        if self._left < 0 or len(self.faults) > MAX_COUNTED:
            self._left = -1
            self._add(
                Code.FILE_TOO_LARGE,
                f"there is too much to search, up to `{path}`",
                help=(
                    "give the folder of the manifests, without links to folders of other things",
                ),
            )
            return
        for entry in entries:
            if not entry.name.startswith("."):
                self._entry(path, entry)

    def _entry(self, folder: str, entry: "os.DirEntry[str]") -> None:
        path = below(folder, entry.name)
        if entry.is_dir(follow_symlinks=False):
            self._folder(path)
            return
        wanted = entry.name.lower().endswith(_SUFFIXES)
        if entry.is_symlink():
            status = self._status(path) if wanted else self._quiet_status(path)
            if status is not None and stat.S_ISDIR(status.st_mode):
                self._links.append(path)
                return
        if wanted and (status := self._status(path)) is not None:
            self._file(path, status)

    def _file(self, path: str, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            self._add(Code.FILE_UNREADABLE, f"`{path}` is not a regular file", place=InFile(path))
            return
        identity = (status.st_dev, status.st_ino)
        self.files[identity] = min(path, self.files.get(identity, path))

    @staticmethod
    def _quiet_status(path: str) -> os.stat_result | None:
        try:
            return os.stat(path)  # noqa: PTH116 - one system call, on 10,000 files
        except OSError:
            return None

    def _status(self, path: str) -> os.stat_result | None:
        try:
            return os.stat(path)  # noqa: PTH116 - one system call, on 10,000 files
        except (FileNotFoundError, NotADirectoryError):
            dangling = os.path.islink(path)  # noqa: PTH114 - as above
            what = "is a link to nothing" if dangling else "does not exist"
            self._add(Code.FILE_NOT_FOUND, f"`{path}` {what}")
        except (OSError, ValueError) as error:
            self._unreadable(path, error)
        return None

    def _unreadable(self, path: str, error: OSError | ValueError) -> None:
        loop = isinstance(error, OSError) and error.errno == errno.ELOOP
        if loop:
            self._add(Code.SYMLINK_LOOP, f"`{path}` is a link that leads back to itself")
        else:
            self._add(Code.FILE_UNREADABLE, f"`{path}` can't be read: {_reason(error)}")

    def _add(
        self,
        code: Code,
        message: str,
        *,
        place: InFile | None = None,
        help: tuple[str, ...] = (),  # noqa: A002 - the word of Diagnostic
    ) -> None:
        self.faults.append(Fault(code=code, message=message, place=place, help=help))


def _reason(error: OSError | ValueError) -> str:
    text = error.strerror if isinstance(error, OSError) else str(error)
    return (text or type(error).__name__).lower()


def read_all(files: Iterable[str], faults: list[Fault]) -> Iterator[tuple[str, bytes]]:
    """Each file's bytes; one that can't be had, or breaks a limit, becomes a fault instead."""
    left = MAX_TOTAL_BYTES
    for name in files:
        try:
            data = read(name)
        except OSError as error:
            faults.append(
                Fault(
                    code=Code.FILE_UNREADABLE,
                    message=f"`{name}` can't be read: {_reason(error)}",
                    place=InFile(name),
                )
            )
            continue
        if len(data) > MAX_FILE_BYTES:
            faults.append(_too_large(name, "one file", MAX_FILE_BYTES, "split it"))
            continue
        left -= len(data)
        if left < 0:
            faults.append(_too_large(name, "all files together", MAX_TOTAL_BYTES, "give fewer"))
            return
        yield name, data


def _too_large(name: str, what: str, limit: int, advice: str) -> Fault:
    return Fault(
        code=Code.FILE_TOO_LARGE,
        message=f"`{name}` is over the limit of {limit // 1024**2} MiB for {what}",
        place=InFile(name),
        help=(f"{advice}: manifests are written by people, and are small",),
    )


def read(name: str) -> bytes:
    """The bytes of a regular file, at most one more than the limit; raises OSError."""
    # Not blocking: a named pipe that took the file's place would else wait for a writer for ever.
    descriptor = os.open(name, os.O_RDONLY | _OPEN_FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(MAX_FILE_BYTES + 1)
    finally:
        os.close(descriptor)
