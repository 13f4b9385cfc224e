"""A scripted server for each test."""

from collections.abc import Iterator

import pytest

from tests.parts.scripted_http import ScriptedHttp


@pytest.fixture
def web() -> Iterator[ScriptedHttp]:
    """An HTTP server that answers as scripted."""
    with ScriptedHttp() as server:
        yield server
