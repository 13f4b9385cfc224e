"""Third-party parts that tests need: skipped where they aren't installed, a failure in CI."""

import os
import shutil
from collections.abc import Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests.parts.npm_packages import NODE, NPM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

PART = "left out, for want of "
"""What the reason of a skipped test begins with; the name of a part follows."""
_PACKAGES = {"chromium": "chromium", "dot": "graphviz", "PostgreSQL": "postgresql"}
"""Debian's package of a part, where it isn't called like the part."""


def need_npm(package: str) -> None:
    """Skip the test unless this npm package and the Node.js beside it are installed."""
    if not NODE.exists() or not (NPM / "node_modules" / package).exists():
        missing("npm")


def need_chromium() -> str:
    """Where Debian's chromium is; skips the test where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        missing("chromium")
    return found


@contextmanager
def chromium() -> "Iterator[Browser]":
    """Debian's chromium, without a window and without anything that it does on its own."""
    program = need_chromium()
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-background-networking", "--no-proxy-server"]
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=flags)
        yield found
        found.close()


def need_program(name: str) -> str:
    """Where a program of the system is; skips the test where it isn't installed."""
    found = shutil.which(name)
    if found is None:
        missing(name)
    return found


def missing(part: str) -> NoReturn:
    """Skip the test, since the part isn't here; in CI, fail it."""
    if os.environ.get("CI"):
        pytest.fail(f"there is no {part}")
    pytest.skip(f"{PART}{part}")


def left_out(reasons: Iterable[str]) -> str:
    """One sentence: how many tests were left out for want of what, and the lines that bring it.

    Parameters: `reasons` are those of all skipped tests. Empty when nothing is missing.
    """
    counts: dict[str, int] = {}
    for reason in reasons:
        _, found, part = reason.partition(PART)
        if found:
            counts[part] = counts.get(part, 0) + 1
    if not counts:
        return ""
    told = ", ".join(f"{number} for want of {part}" for part, number in sorted(counts.items()))
    fetched = "npm" in counts and shutil.which("npm") is not None
    packages = sorted(_PACKAGES.get(part, part) for part in counts if part != "npm" or not fetched)
    lines = [f"`apt-get install {' '.join(packages)}`"] if packages else []
    lines += ["`python -m tests.parts.npm_packages`"] * fetched
    return f"left out: tests, {told}; brought by {' and '.join(lines)}"
