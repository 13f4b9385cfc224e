"""What is installed here: the tool, Python, and the extras that the manifests need."""

import platform
from importlib.util import find_spec

from reconciler import __version__
from reconciler.views import Checked, Health
from reconciler.workflows.context import Context
from reconciler.workflows.doctor.secret_values import references

_EXTRAS = {
    "aws": "boto3",
    "azure": "azure.keyvault.secrets",
    "gcp": "google.cloud.secretmanager",
    "keyring": "keyring",
    "objects": "obstore",
    "policy": "cel_expr_python",
    "postgres": "psycopg",
    "socks": "socksio",
    "vault": "hvac",
}
"""By extra, the module that it brings."""
_STORES = {
    "postgresql": "postgres",
    "postgres": "postgres",
    "s3": "objects",
    "gs": "objects",
    "az": "objects",
}
"""By scheme of `spec.state.url`, the extra that reaches it."""


def installation_checks(context: Context | None) -> tuple[Checked, ...]:
    """Versions and extras; an extra that is missing fails only where it is needed."""
    return (
        Checked(name="version", health=Health.OK, message=f"reconciler {__version__}"),
        Checked(
            name="python",
            health=Health.OK,
            message=f"{platform.python_implementation()} {platform.python_version()} on "
            f"{platform.system()} {platform.machine()}",
        ),
        _extras(context),
    )


def _extras(context: Context | None) -> Checked:
    there = [extra for extra, module in _EXTRAS.items() if _is_there(module)]
    missing = sorted((set() if context is None else _needed(context)) - set(there))
    if missing:
        names = ",".join(missing)
        return Checked(
            name="extras",
            health=Health.FAILED,
            message=f"the manifests need what isn't installed: {', '.join(missing)}",
            help=(f"pip install 'reconciler[{names}]'",),
        )
    return Checked(
        name="extras", health=Health.OK, message=f"installed: {', '.join(there) or 'none'}"
    )


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # a package above it isn't there
        return False


def _needed(context: Context) -> set[str]:
    spec = context.desired.workspace.spec
    needed = {each.scheme for each in references(context)} & _EXTRAS.keys()
    if any(rule.cel is not None for rule in spec.policy or ()):
        needed.add("policy")
    store = extra_for(spec.state.url) if spec.state and spec.state.url else None
    return needed | ({store} if store else set())


def extra_for(state_url: str) -> str | None:
    """The extra that reaches the store of a state; None where none is needed."""
    return _STORES.get(state_url.partition(":")[0])
