"""References to environment variables that are the runner's or a store's own."""

from collections.abc import Iterator

from reconciler.diagnostics import Code, Severity
from reconciler.manifests.faults import At
from reconciler.manifests.manifest import Manifest
from reconciler.resources import ALLOW_ENV, WORKSPACE_KIND, Variables

_PLACES: dict[str, tuple[At, ...]] = {
    WORKSPACE_KIND: (("spec", "credentials"), ("spec", "state")),
    "MCPServer": (("spec", "auth"), ("spec", "headers")),
}
"""What may hold references, by kind."""


def check_variables(manifest: Manifest, variables: Variables) -> None:
    """Report every `{env: NAME}` whose variable is somebody's own."""
    for place in _PLACES.get(manifest.kind or "", ()):
        for at, name in _named(manifest.mapping(*place), place):
            owner = variables.owner(name)
            if owner is not None:
                manifest.report(
                    at,
                    Code.RESERVED_VARIABLE,
                    f"`{name}` is {owner}, and no manifest's to send anywhere",
                    notes=("who gets it acts as this very job",),
                    help=(
                        "keep the secret in a variable of its own",
                        f"{ALLOW_ENV}={name} in the environment of the run lets manifests name it",
                    ),
                    severity=Severity.ERROR if variables.refused else Severity.WARNING,
                )


def _named(value: dict[str, object], at: At) -> Iterator[tuple[At, str]]:
    if len(value) == 1 and isinstance(name := value.get("env"), str):
        yield (*at, "env"), name
        return
    for key, child in value.items():
        if isinstance(child, dict):
            yield from _named(child, (*at, key))
