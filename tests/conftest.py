"""Settings of Hypothesis that a run may choose with `--hypothesis-profile`; the closing tables."""

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.crash.table import print_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.state.places import Making, Place

_names = itertools.count()
settings.register_profile("thorough", max_examples=1000)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show at the end what came of crashes and faults."""
    print_tables(terminalreporter)


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
