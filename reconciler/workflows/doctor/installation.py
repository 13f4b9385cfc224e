"""What is installed here: the tool, Python, and the extras that the manifests need."""

import platform
from collections.abc import Iterator
from importlib.util import find_spec

from reconciler import __version__
from reconciler.resources import Desired, secret_refs
from reconciler.views import Checked, Health

_EXTRAS = {"keyring": "keyring", "policy": "cel_expr_python", "vault": "hvac"}
"""By extra, the module that it brings."""


def installation_checks(desired: Desired | None) -> tuple[Checked, ...]:
    """Versions and extras; an extra that is missing fails only where it is needed."""
    return (
        Checked(name="version", health=Health.OK, message=f"reconciler {__version__}"),
        Checked(
            name="python",
            health=Health.OK,
            message=f"{platform.python_implementation()} {platform.python_version()} on "
            f"{platform.system()} {platform.machine()}",
        ),
        _extras(desired),
    )


def _extras(desired: Desired | None) -> Checked:
    there = [extra for extra, module in _EXTRAS.items() if find_spec(module) is not None]
    missing = sorted(set(_needed(desired)) - set(there))
    if missing:
        names = ",".join(missing)
        return Checked(
            name="extras",
            health=Health.FAILED,
            message=f"the manifests need {names}, which isn't installed",
            help=(f"pip install 'reconciler[{names}]'",),
        )
    absent = [extra for extra in _EXTRAS if extra not in there]
    told = f"installed: {', '.join(there) or 'none'}"
    if absent:
        told += f"; not needed: {', '.join(absent)}"
    return Checked(name="extras", health=Health.OK, message=told)


def _needed(desired: Desired | None) -> Iterator[str]:
    if desired is None:
        return
    if any(rule.cel is not None for rule in desired.workspace.spec.policy or ()):
        yield "policy"
    schemes = {
        reference.scheme
        for resource in desired.resources.values()
        for reference in secret_refs(resource.kind, resource.spec).values()
    }
    if "vault" in schemes:
        yield "vault"
