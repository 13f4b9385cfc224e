"""The manifests of another commit, out of git's own store: nothing is checked out or run.

Only plumbing that reads objects is used, with the repository named: so no file of the checkout says
what git does with them (attributes, filters, textconv), and no folder in it that looks like a
repository is taken for one.
"""

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.manifests import MAX_FILE_BYTES, MAX_TOTAL_BYTES, is_manifest_name
from reconciler.programs import find, search_path

_PATIENCE = 60.0
"""Seconds that git may take."""
_TOPS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
_ENTRY = re.compile(rb"100(?:644|755) blob ([0-9a-f]{40}(?:[0-9a-f]{24})?) +(\d+)\t(.+)", re.DOTALL)
_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    f"core.attributesFile={os.devnull}",
    "protocol.allow=never",
)


class BaseUnreadable(Exception):
    """The commit, or what it holds, can't be had; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Git:
    program: str
    folder: Path
    environ: Mapping[str, str]

    def __call__(self, *arguments: str, given: bytes = b"") -> bytes | None:
        """What it wrote; None when it failed. Raises BaseUnreadable."""
        settings = (word for each in _SETTINGS for word in ("-c", each))
        # Naming the repository spares git the search for it, and the question whose it is.
        command = [self.program, f"--git-dir={self.folder}", "--no-replace-objects", *settings]
        try:
            done = subprocess.run(  # noqa: S603 - an argument vector, an absolute program
                [*command, *arguments],
                input=given,
                capture_output=True,
                env=dict(self.environ),
                timeout=_PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise BaseUnreadable(f"git did not answer within {_PATIENCE:g} s") from None
        except OSError as error:
            raise BaseUnreadable(f"git can't be started: {error.strerror or error}") from None
        return done.stdout if done.returncode == 0 else None


def manifests_at(
    revisions: Sequence[str], paths: Iterable[Path], environ: Mapping[str, str]
) -> Iterator[tuple[str, bytes]]:
    """The name and content of each manifest that `paths` had in the first revision that is there.

    Paths mean what they mean to the loader, and links in the commit aren't followed. Raises
    BaseUnreadable when no revision is there, a path is outside of the repository, or there is more
    than the loader would read.
    """
    top = _top(environ)
    git = _git(top, environ)
    commit = _commit(git, revisions)
    starts = sorted({_below(top, path) for path in paths})
    listed = git("ls-tree", "-r", "-z", "-l", "--full-tree", commit, "--", *filter(None, starts))
    if listed is None:
        raise BaseUnreadable("its files can't be listed")
    wanted: dict[str, bytes] = {}
    left = MAX_TOTAL_BYTES
    for entry in listed.split(b"\0"):
        found = _ENTRY.fullmatch(entry)
        name = os.fsdecode(found[3]) if found else ""
        if found and any(is_manifest_name(name, start) for start in starts):
            left -= int(found[2])
            if left < 0 or int(found[2]) > MAX_FILE_BYTES:
                raise BaseUnreadable(f"`{name}` is too large there")
            wanted[name] = found[1]
    return _contents(git, wanted)


def _contents(git: _Git, wanted: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Each blob, by git's batch format: a line with its size, its bytes, a line break."""
    answer = git("cat-file", "--batch", given=b"".join(oid + b"\n" for oid in wanted.values()))
    place = 0
    for name in wanted:
        end = -1 if answer is None else answer.find(b"\n", place)
        head = b"" if answer is None or end < 0 else answer[place:end]
        size = head.rpartition(b" ")[2]
        if answer is None or not size.isdigit():
            raise BaseUnreadable(f"`{name}` can't be read there")
        place = end + 1 + int(size)
        yield name, answer[end + 1 : place]
        place += 1


def _top(environ: Mapping[str, str]) -> Path:
    """The folder of the repository: the topmost below the runner's folder, else the nearest.

    A submodule of the pull request's choice has a repository of its own, which is not it.
    """
    here = Path.cwd()
    above = (here, *here.parents)
    limits = [Path(os.path.realpath(environ[name])) for name in _TOPS if environ.get(name)]
    for limit in limits:
        if limit in above:
            above = tuple(reversed(above[: above.index(limit) + 1]))
            break
    top = next((folder for folder in above if (folder / ".git").exists()), None)
    if top is None:
        raise BaseUnreadable("this is no checkout of a git repository")
    return top


def _git(top: Path, environ: Mapping[str, str]) -> _Git:
    program = find("git", environ)
    if program is None:
        raise BaseUnreadable("the program `git` is not installed")
    return _Git(
        program=program,
        folder=top / ".git",
        environ={
            "PATH": search_path(environ.get("PATH", "")),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
            **{name: environ[name] for name in ("SYSTEMROOT",) if name in environ},
        },
    )


def _commit(git: _Git, revisions: Sequence[str]) -> str:
    for each in revisions:
        name = f"{each}^{{commit}}"
        found = git("rev-parse", "--verify", "--quiet", "--end-of-options", name)
        if found is not None:
            return found.decode("ascii").strip()
    raise BaseUnreadable("it isn't in this checkout")


def _below(top: Path, path: Path) -> str:
    """A path as git's trees have it: from the top, with `/`; empty for the top itself."""
    whole = Path(os.path.normpath(Path.cwd() / path))
    if not whole.is_relative_to(top):
        raise BaseUnreadable(f"`{path}` is outside of the repository")
    return "" if whole == top else whole.relative_to(top).as_posix()
