"""A place for a state of each kind; the servers behind them are started once a module."""

import itertools
from collections.abc import Iterator

import pytest

from tests.state.places import ALL, Making, Place, open_place

_names = itertools.count()


@pytest.fixture(scope="module")
def making(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Making]:
    """What makes places of one kind."""
    with open_place(request.param, tmp_path_factory.mktemp("places")) as made:
        yield made


@pytest.fixture
def place(making: Making) -> Place:
    """A place of the test's own."""
    return making(f"t{next(_names)}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what asks for a place on every kind, unless the test chooses some."""
    chosen = metafunc.definition.get_closest_marker("places")
    if "making" in metafunc.fixturenames:
        kinds = chosen.args if chosen else ALL
        metafunc.parametrize("making", kinds, indirect=True, scope="module")
