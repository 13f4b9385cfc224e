"""A sandbox that plays the identity provider, and a home for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.providers.dust.signin import LoginProvider
from tests.parts.cli import Project
from tests.parts.device_provider import device_provider
from tests.parts.sandbox_process import SandboxProcess
from tests.signin.world import SEED, home


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """A sandbox of the shared seed, which may be polled at any pace."""
    with SandboxProcess(seed=SEED, flags=("--login-interval", "0")) as process:
        yield process


@pytest.fixture(scope="session")
def provider() -> Iterator[LoginProvider]:
    """An identity provider that isn't ours."""
    with device_provider() as server:
        yield server


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A folder of somebody who isn't signed in."""
    return home(tmp_path / "home")
