"""The fake Vault, and resolvers that lead to it."""

from collections.abc import Callable, Iterator, Mapping
from threading import Event

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
    """Makes resolvers for the fake; `environ` is what differs from the fake's own variables."""
    made: list[Resolver] = []

    def make(
        *,
        environ: Mapping[str, str] | None = None,
        pacing: Pacing = QUICK,
        workers: int = 8,
        timeout: float = 10.0,
        stop: Event | None = None,
    ) -> Resolver:
        made.append(
            Resolver(
                environ={**vault.environ, **(environ or {})},
                pacing=pacing,
                workers=workers,
                timeout=timeout,
                stop=stop,
            )
        )
        return made[-1]

    yield make
    for one in made:
        one.close()
