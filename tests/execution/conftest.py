"""A bench for each test."""

from pathlib import Path

import pytest

from tests.execution.scripts import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """An empty workspace and an empty state."""
    return Bench(folder=tmp_path)
