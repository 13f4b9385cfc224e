"""Which backend reads which scheme: one line each."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from reconciler.secrets.backend import Backend, Surroundings
from reconciler.secrets.env import EnvironmentBackend
from reconciler.secrets.file import FileBackend


def _vault(surroundings: Surroundings) -> Backend:
    # Its TLS and HTTP parts are only paid for by those who keep secrets there.
    from reconciler.secrets.vault import VaultBackend

    return VaultBackend(surroundings)


BACKENDS: Mapping[str, Callable[[Surroundings], Backend]] = MappingProxyType(
    {
        "env": EnvironmentBackend,
        "file": FileBackend,
        "vault": _vault,
    }
)
