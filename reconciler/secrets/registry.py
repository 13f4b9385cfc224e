"""Which backend reads which scheme: one line each."""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType

from reconciler.secrets.backend import Backend, Surroundings
from reconciler.secrets.env import EnvironmentBackend
from reconciler.secrets.file import FileBackend


def _late(module: str, name: str) -> Callable[[Surroundings], Backend]:
    """A backend whose parts are only paid for by those who keep secrets there."""

    def make(surroundings: Surroundings) -> Backend:
        made: Backend = getattr(import_module(f"reconciler.secrets.{module}"), name)(surroundings)
        return made

    return make


BACKENDS: Mapping[str, Callable[[Surroundings], Backend]] = MappingProxyType(
    {
        "env": EnvironmentBackend,
        "file": FileBackend,
        "vault": _late("vault", "VaultBackend"),
        "aws": _late("aws", "AwsBackend"),
        "gcp": _late("gcp", "GcpBackend"),
        "azure": _late("azure", "AzureBackend"),
        "op": _late("op", "OpBackend"),
        "sops": _late("sops", "SopsBackend"),
        "plugin": _late("plugins", "PluginBackend"),
    }
)
