"""Fixtures of the provider's tests."""

from collections.abc import Iterator

import pytest

from tests.parts.sandbox_process import SandboxProcess
from tests.parts.scripted_http import ScriptedHttp
from tests.providers.scenes import Desk

WORKSPACES = 120
"""More than there are tests that take one."""


@pytest.fixture
def web() -> Iterator[ScriptedHttp]:
    """A server that answers as scripted."""
    with ScriptedHttp() as server:
        yield server


@pytest.fixture(scope="session")
def town() -> Iterator[tuple[SandboxProcess, Iterator[str]]]:
    """One sandbox with a fresh workspace for every test of the session."""
    people = [
        ("ana@acme.example", "admin"),
        ("ben@acme.example", "builder"),
        ("carl@acme.example", "user"),
        ("eve@acme.example", "user"),
    ]
    members = [{"email": email, "role": role} for email, role in people]
    groups = [{"name": "Finance team", "members": ["carl@acme.example", "eve@acme.example"]}]
    names = [f"acme{number}" for number in range(WORKSPACES)]
    seed = {
        "workspaces": [
            {"sId": name, "name": name, "members": members, "groups": groups} for name in names
        ]
    }
    with SandboxProcess(seed=seed) as sandbox:
        yield sandbox, iter(names)


@pytest.fixture
def desk(town: tuple[SandboxProcess, Iterator[str]]) -> Desk:
    """A workspace of its own."""
    sandbox, names = town
    return Desk(sandbox, next(names))
