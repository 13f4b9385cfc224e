"""Third-party parts that tests need: skipped where they aren't installed, a failure in CI."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

NPM = Path(__file__).parents[1] / "npm"
NODE = NPM / "node_modules" / "node" / "bin" / "node"


def need_npm(package: str) -> None:
    """Skip the test unless this npm package and the Node.js beside it are installed."""
    if not NODE.exists() or not (NPM / "node_modules" / package).exists():
        missing("`npm install --prefix tests/npm` was not run")


def need_chromium() -> str:
    """Where Debian's chromium is; skips the test where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        missing("there is no chromium")
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
        missing(f"there is no {name}")
    assert found is not None
    return found


def missing(reason: str) -> NoReturn:
    """Skip the test; in CI, fail it."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
