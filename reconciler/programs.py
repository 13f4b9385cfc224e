"""Where other programs and modules are found: never in the folder that a command runs in.

That folder is a checkout that somebody else may have written, and is data. So programs are looked
for in folders that the person or the system chose, and started by their absolute path; and Python
is started so that the current folder, which `-m` and `-c` put first, isn't on its search path.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

_SUFFIXES = (".exe", ".com") if sys.platform == "win32" else ("",)
"""On Windows no `.bat` or `.cmd`: their arguments are read once more, by `cmd.exe`."""


def leave_out_current_folder() -> None:
    """Take the current folder, and what is below it, off the paths along which this process, its
    libraries and the programs that they start look for code.

    What was imported before stays: PYTHONPATH with an empty entry lets the checkout's files be
    imported while Python itself starts, which nothing in Python can undo.
    """
    here = current_checkout()
    ours = str(Path(__file__).parents[1])
    sys.path[:] = [entry for entry in sys.path if entry == ours or _sound(entry, here)]
    if "PATH" in os.environ:
        os.environ["PATH"] = search_path(os.environ["PATH"])
    if sys.platform == "win32":
        # There the current folder comes before all of PATH, unless this says otherwise.
        os.environ["NODEFAULTCURRENTDIRECTORYINEXEPATH"] = "1"


def search_path(path: str) -> str:
    """The entries of a PATH where programs are looked for, in the same order.

    Left out are an entry that is empty or relative, which is where one stands, and one below the
    current folder. Kept is what belongs to the environment that this very program runs in, should
    that be below the current folder; and everything where the current folder holds the person's
    home, or the whole machine, for then it is no checkout. Where nothing is left it is the
    system's own, for an empty PATH is the current folder.
    """
    here = current_checkout()
    for entries in (path, os.defpath):
        sound = [entry for entry in entries.split(os.pathsep) if _sound(entry, here)]
        if sound:
            return os.pathsep.join(sound)
    return str(Path(sys.executable).parent)


def find(name: str, environ: Mapping[str, str]) -> str | None:
    """The absolute path of a program on PATH, or None.

    Not `shutil.which`: on Windows it looks into the current folder first, whatever PATH says.
    """
    for folder in search_path(environ.get("PATH", "")).split(os.pathsep):
        for suffix in _SUFFIXES:
            found = os.path.join(folder, name + suffix)  # noqa: PTH118 - taken as written
            if os.path.isfile(found) and os.access(found, os.X_OK):  # noqa: PTH113
                return found
    return None


def python(*arguments: str) -> list[str]:
    """The command that runs something of Python's own with this very Python, isolated: neither the
    current folder nor the environment adds to what it imports."""
    return [sys.executable, "-I", *arguments]


def ourselves(*arguments: str) -> list[str]:
    """The command that runs a module of this package (`-m`, its name, …), with this very Python.

    Wherever the package was found, it is found again: isolated, Python wouldn't look into the
    user's own folder of packages. Start it in a folder of our own, for PYTHONPATH may hold entries
    that are relative.
    """
    return [sys.executable, "-P", *arguments]


def _sound(entry: str, here: Path | None) -> bool:
    if not os.path.isabs(entry):  # noqa: PTH117 - "" is no path
        return False
    if here is None:
        return True
    # Both as written and behind links: either may be how it gets into the folder.
    places = (Path(os.path.normpath(entry)), Path(os.path.realpath(entry)))
    roots = (sys.prefix, sys.base_prefix, os.path.dirname(os.__file__))  # noqa: PTH120
    ours = [Path(each) for root in roots for each in (root, os.path.realpath(root))]
    return all(
        not place.is_relative_to(here)
        or any(each.is_relative_to(here) and place.is_relative_to(each) for each in ours)
        for place in places
    )


def current_checkout() -> Path | None:
    """The current folder, without links; None when it is gone, or can't be a checkout, for it holds
    the person's home or the whole machine."""
    try:
        here = Path(os.path.realpath(os.getcwd()))  # noqa: PTH109
    except OSError:
        return None
    home = Path(os.path.realpath(os.path.expanduser("~")))  # noqa: PTH111 - it may have none
    return None if here.parent == here or home.is_relative_to(here) else here
