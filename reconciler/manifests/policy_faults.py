"""The rules of a Workspace's policy: compiled while manifests are checked, each flaw in its place.

Nothing is imported for a Workspace without a policy.
"""

from reconciler.diagnostics import Code
from reconciler.manifests.faults import Fault, InScalar, Part, Place
from reconciler.manifests.manifest import Manifest
from reconciler.manifests.words import quoted


def check_policy(manifest: Manifest) -> None:
    """Report every rule that can't be used; nothing when the Workspace doesn't fit its model."""
    rules = manifest.workspace.spec.policy if manifest.workspace else None
    if not rules:
        return
    from reconciler.policy import flaws_of

    for item in flaws_of(rules):
        flaw = item.flaw
        at = ("spec", "policy", item.index, *flaw.at)
        place: Place = manifest.place(at, Part.VALUE if flaw.line else Part.KEY)
        if flaw.line is not None:
            place = InScalar(manifest.file, manifest.index, at, flaw.line, flaw.column or 1)
        manifest.faults.append(
            Fault(
                code=flaw.code,
                message=f"rule `{item.rule.name}`: {flaw.message}",
                place=place,
                notes=flaw.notes,
                help=flaw.help,
                address=str(manifest.address),
            )
        )


def check_rule_names(manifest: Manifest) -> None:
    """Report every name that two rules have."""
    rules = manifest.get("spec", "policy")
    first: dict[str, int] = {}
    for number, rule in enumerate(rules if isinstance(rules, list) else ()):
        name = rule.get("name") if isinstance(rule, dict) else None
        if not isinstance(name, str):
            continue
        at = ("spec", "policy", number, "name")
        if name in first:
            before = manifest.place(("spec", "policy", first[name], "name"))
            manifest.report(
                at,
                Code.INVALID_VALUE,
                f"two rules are called {quoted(name)}",
                related=(("first called so at", before),),
                help=("give each rule a name of its own: messages and `--allow` use it",),
            )
        first.setdefault(name, number)
