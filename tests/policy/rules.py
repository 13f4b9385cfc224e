"""Short ways to say rules and to judge by them."""

from typing import Any

from reconciler.policy import Failure, Flaw, Verdict, compile_policy, flaws_of
from reconciler.resources import PolicyRule, Resource
from tests.parts.values import server


def rule(**said: Any) -> PolicyRule:
    """A rule on resources that denies, unless said otherwise."""
    base = {"name": "ours", "on": "resource", "action": "deny", "message": "only ours"}
    return PolicyRule.model_validate(base | said)


def flaw(**said: Any) -> Flaw:
    """The one flaw of a rule."""
    (found,) = flaws_of([rule(**said)])
    return found.flaw


def verdicts(resource: Resource, **said: Any) -> tuple[Verdict, ...]:
    """What a rule says of a resource."""
    return compile_policy([rule(**said)]).on_resource(resource)


def failure(spec: dict[str, Any], **said: Any) -> Failure | None:
    """Why a server with `spec` fails a rule; None when it doesn't."""
    found = verdicts(server("crm", spec), **said)
    return found[0].failure if found else None
