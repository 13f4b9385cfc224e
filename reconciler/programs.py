"""Where other programs and modules are found: never in the folder that a command runs in.

That folder is a checkout that somebody else may have written, and is data. So programs are looked
for in folders that the person or the system chose, and started by their absolute path; Python is
started isolated (`-I`), for `-m` and `-c` put the current folder first on its search path.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

_SUFFIXES = (".exe", ".com") if sys.platform == "win32" else ("",)
"""On Windows no `.bat` or `.cmd`: their arguments are read once more, by `cmd.exe`."""


def search_path(path: str) -> str:
    """The entries of a PATH where programs are looked for, in the same order.

    Left out are an entry that is empty or relative, which is where one stands, and one below the
    current folder. Kept is what belongs to the environment that this very program runs in, be it
    below that folder or not; and everything where the current folder holds the person's home, or
    the whole machine, for then it is no checkout.
    """
    here = _here()
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if _sound(entry, here))


def find(name: str, environ: Mapping[str, str]) -> str | None:
    """The absolute path of a program on PATH, or None.

    Not `shutil.which`: on Windows it looks into the current folder first, whatever PATH says.
    """
    for folder in search_path(environ.get("PATH", "")).split(os.pathsep):
        for suffix in _SUFFIXES:
            found = os.path.join(folder, name + suffix)  # noqa: PTH118 - taken as written
            if folder and os.path.isfile(found) and os.access(found, os.X_OK):  # noqa: PTH113
                return found
    return None


def python(*arguments: str) -> list[str]:
    """The command that runs a module or script with this very Python, isolated.

    Neither the current folder nor the environment adds to what it imports.
    """
    return [sys.executable, "-I", *arguments]


def _sound(entry: str, here: Path | None) -> bool:
    if not os.path.isabs(entry):  # noqa: PTH117 - "" is no path
        return False
    if here is None:
        return True
    # Both as written and behind links: either may be how it gets into the folder.
    places = {Path(os.path.normpath(entry)), Path(os.path.realpath(entry))}
    ours = {Path(sys.prefix), Path(os.path.realpath(sys.prefix))}
    return all(
        any(map(place.is_relative_to, ours)) or not place.is_relative_to(here) for place in places
    )


def _here() -> Path | None:
    """The current folder; None when it can't be the folder of somebody's work, or is gone."""
    try:
        here = Path(os.path.realpath(os.getcwd()))  # noqa: PTH109
    except OSError:
        return None
    home = Path(os.path.realpath(os.path.expanduser("~")))  # noqa: PTH111 - it may have none
    return None if here.parent == here or home.is_relative_to(here) else here
