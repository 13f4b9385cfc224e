"""Whether every reference to a secret leads to one; of the values nothing is told."""

from itertools import groupby

from reconciler.diagnostics import count
from reconciler.resources import SecretRef, secret_refs
from reconciler.secrets import SecretFailure
from reconciler.views import Checked, Health
from reconciler.workflows.context import Context
from reconciler.workflows.trust import references_in

_MOST_SHOWN = 5


def secret_checks(context: Context) -> tuple[Checked, ...]:
    """One check for each scheme that the manifests use."""
    named = sorted(references(context))
    if not named:
        return (
            Checked(name="secrets", health=Health.OK, message="the manifests refer to no secret"),
        )
    found = context.resolver.resolve(named)
    checks: list[Checked] = []
    for scheme, group in groupby(named, key=lambda each: each.scheme):
        listed = list(group)
        failures = [result for each in listed if isinstance(result := found[each], SecretFailure)]
        checks.append(_check(scheme, len(listed), failures))
    return tuple(checks)


def references(context: Context) -> set[SecretRef]:
    """All that the manifests refer to: of resources, of the access token, and of the state."""
    workspace = context.desired.workspace.spec
    found = {
        reference
        for resource in context.desired.resources.values()
        for reference in secret_refs(resource.kind, resource.spec).values()
    }
    spec = workspace.model_dump(by_alias=True, include={"credentials", "state"})
    return found | set(references_in(spec))


def _check(scheme: str, number: int, failures: list[SecretFailure]) -> Checked:
    name = f"secrets {scheme}"
    if not failures:
        return Checked(name=name, health=Health.OK, message=f"{count(number, 'secret')} found")
    shown = "; ".join(each.message for each in failures[:_MOST_SHOWN])
    more = len(failures) - _MOST_SHOWN
    return Checked(
        name=name,
        health=Health.FAILED,
        message=f"{len(failures)} of {count(number, 'secret')} can't be had: {shown}"
        + (f"; and {more} more" if more > 0 else ""),
        help=tuple(dict.fromkeys(text for each in failures[:_MOST_SHOWN] for text in each.help)),
    )
