"""The rules that a caller overrides by name: each has to be one that the policy has."""

from collections.abc import Set as AbstractSet
from difflib import get_close_matches

from reconciler.resources import Desired
from reconciler.workflows.failures import Exit, Stop

_PREFIX = "policy:"


def check_allowed(desired: Desired, allow: AbstractSet[str]) -> None:
    """Raise Stop for a `policy:NAME` in `allow` that names no rule: a slip would go unseen."""
    rules = [f"{_PREFIX}{rule.name}" for rule in desired.workspace.spec.policy or ()]
    unknown = sorted(name for name in allow if name.startswith(_PREFIX) and name not in rules)
    if not unknown:
        return
    near = dict.fromkeys(n for u in unknown for n in get_close_matches(u, rules, n=1, cutoff=0.7))
    known = ", ".join(f"`{name}`" for name in rules)
    raise Stop(
        Exit.USAGE,
        f"--allow names no rule of the policy: {', '.join(f'`{name}`' for name in unknown)}",
        help=(
            *(f"did you mean `{name}`?" for name in near),
            f"the rules are {known}" if rules else "the Workspace has no `policy:`",
        ),
    )
