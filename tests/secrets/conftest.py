"""The fake Vault, and resolvers that lead to it."""

from collections.abc import Callable, Iterator

import pytest

from reconciler.secrets import Pacing, Resolver
from tests.parts.vault_fake import VaultFake

QUICK = Pacing(attempts=3, first=0.001, ceiling=0.002)


@pytest.fixture
def vault() -> Iterator[VaultFake]:
    """A fake Vault with the mounts `secret` (version 2) and `kv1` (version 1)."""
    with VaultFake() as fake:
        yield fake


@pytest.fixture
def resolver(vault: VaultFake) -> Iterator[Callable[..., Resolver]]:
    """Makes resolvers for the fake; keyword arguments beside `environ` are the resolver's."""
    made: list[Resolver] = []

    def make(**options: object) -> Resolver:
        environ = {**vault.environ, **options.pop("environ", {})}  # type: ignore[dict-item]  # a test's own dict
        one = Resolver(**{"environ": environ, "pacing": QUICK, **options})  # type: ignore[arg-type]  # likewise
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()
