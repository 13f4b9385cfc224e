"""What a repository calls a file, whatever it was called on the command line."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

_ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""Where a pipeline has the repository, for checkouts without `.git`."""


def repository_names(
    *, here: Path | None = None, environ: Mapping[str, str] = os.environ
) -> Callable[[str], str]:
    """A function from a file's name in a message to its path from the top of its repository.

    Names are relative to `here`, the current folder unless it is given, or absolute. The top is
    the nearest folder above the file that holds `.git`, else where the pipeline says that it is,
    else `here`. Slashes are forward ones. A name that leads to no file is left as it is; so is a
    file outside of all that, under its absolute path.
    """
    try:
        folder = (here or Path.cwd()).absolute()
    except FileNotFoundError:
        folder = Path()  # it is gone: no relative name leads to a file
    given = [Path(environ[name]) for name in _ROOTS if environ.get(name)]
    tops: dict[Path, Path | None] = {}
    known: dict[str, str] = {}

    def top_of(parent: Path) -> Path | None:
        if parent not in tops:
            tops[parent] = next(
                (each for each in (parent, *parent.parents) if (each / ".git").exists()), None
            )
        return tops[parent]

    def renamed(name: str) -> str:
        path = Path(os.path.normpath(folder / name))
        if not path.exists():
            return Path(name).as_posix()
        candidates = [top_of(path.parent), *given, folder]
        for top in candidates:
            if top is not None and path.is_relative_to(top):
                return path.relative_to(top).as_posix()
        return path.as_posix()

    def name_of(name: str) -> str:
        if name not in known:
            known[name] = renamed(name)
        return known[name]

    return name_of
