"""Runs what asks for a place on every kind of place."""

import pytest

from tests.state.places import ALL
from tests.state.stores import Clock


@pytest.fixture
def clock() -> Clock:
    """A clock that a test lets go on."""
    return Clock()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The kinds that a test chooses by its marker, all else."""
    if "making" in metafunc.fixturenames:
        chosen = metafunc.definition.get_closest_marker("places")
        kinds = chosen.args if chosen else ALL
        metafunc.parametrize("making", kinds, indirect=True, scope="module")
