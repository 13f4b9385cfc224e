"""A fake GitHub for each test, a client of it, and waits that take no time."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from reconciler.forges import GitHub, Patience
from reconciler.secrets import Secret
from tests.parts.github_fake import REPOSITORY, TOKEN, GitHubFake


@pytest.fixture
def fake() -> Iterator[GitHubFake]:
    """GitHub."""
    with GitHubFake() as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    """The seconds that were waited."""
    return []


@pytest.fixture
def said() -> list[str]:
    """What was said about waits."""
    return []


@pytest.fixture
def patience(waits: list[float], said: list[str]) -> Patience:
    """Patience that notes its waits and doesn't take them."""
    return Patience(sleep=waits.append, clock=lambda: 1_000.0, timeout=5, say=said.append)


@pytest.fixture
def github(fake: GitHubFake, patience: Patience) -> Iterator[GitHub]:
    """A client with the job's own token."""
    made = GitHub(url=fake.url, repository=REPOSITORY, token=Secret(TOKEN), patience=patience)
    with closing(made) as client:
        yield client
