"""Paths that mean the same on every system: written with `/`, and with names that all can hold."""

import os
import re
from pathlib import PurePath

_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)))
)
"""Names that Windows keeps for devices, whatever follows a dot."""
_DRIVE = re.compile(r"[A-Za-z]:")


def shown(path: PurePath) -> str:
    """A path as messages, plans and reports have it: with `/` on every system."""
    return path.as_posix()


def below(folder: str, name: str) -> str:
    """The path of `name` in `folder`, which is written with `/`."""
    return name if folder == "." else f"{folder.rstrip('/')}/{name}"


def file_stem(name: str) -> str:
    """`name` for a file; one that Windows keeps for a device gets a `_`, which no name ends in."""
    return f"{name}_" if _is_device(name) else name


def path_problem(text: str, *, windows: bool = os.name == "nt") -> tuple[str, str] | None:
    """What is wrong with a path in a manifest, and what to do; None when it may be used.

    Parameters: `windows` says whether this system has drives.
    """
    if "\\" in text:
        return "`\\` doesn't separate folders everywhere", "write `/`, which does"
    drive = _DRIVE.match(text)
    if drive and not windows:
        return (
            f"`{drive.group()}` is a drive of Windows, and this is another system",
            "give a path relative to the Workspace manifest",
        )
    parts = text[drive.end() if drive else 0 :].split("/")
    bad = next((part for part in parts if _is_device(part) or _is_cut(part)), None)
    if bad is None:
        return None
    return f"`{bad}` can't be a name on Windows", "choose another name"


def _is_device(name: str) -> bool:
    return name.partition(".")[0].casefold() in _DEVICES


def _is_cut(name: str) -> bool:
    """Windows drops dots and spaces at the end of a name."""
    return name not in ("", ".", "..") and name[-1] in ". "
