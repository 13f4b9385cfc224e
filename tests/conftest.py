"""Settings of Hypothesis that a run may choose with `--hypothesis-profile`; the closing tables."""

import pytest
from hypothesis import settings

from tests.crash.table import print_tables

settings.register_profile("thorough", max_examples=1000)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show at the end what came of crashes and faults."""
    print_tables(terminalreporter)
