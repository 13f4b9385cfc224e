"""Verdicts in words: one located message for each rule that is broken."""

from collections.abc import Iterator

from reconciler.diagnostics import Code, Diagnostic, Diagnostics, Severity, Span
from reconciler.policy.compiling import Policy, Verdict
from reconciler.resources import WORKSPACE_KIND, Address, Desired, Locator, PolicyRule


def gate_name(rule: PolicyRule) -> str:
    """What `--allow` takes to let a run do what the rule denies, if it is overridable."""
    return f"policy:{rule.name}"


def allows(verdict: Verdict, allow: frozenset[str]) -> bool:
    """Whether the caller overrides the rule, and the rule lets itself be overridden."""
    return verdict.rule.overridable and gate_name(verdict.rule) in allow


def as_diagnostic(
    verdict: Verdict,
    address: Address,
    *,
    workspace: str,
    locator: Locator,
    span: Span | None,
    warning: bool = False,
) -> Diagnostic:
    """The message for a broken rule.

    Parameters: `workspace` is the name of the Workspace that has the rule, `span` the place of
    what breaks it, unless the rule tells a nearer one; `warning` says that nothing is refused.
    """
    rule, failure = verdict.rule, verdict.failure
    denied = verdict.denies and not warning
    if failure.path[:1] == ("spec",) and rule.on == "resource":
        span = locator.span(address, failure.path[1:]) or span
    verb = "denies" if verdict.denies else "warns about"
    return Diagnostic(
        code=Code.POLICY_DENIED if denied else Code.POLICY_WARNING,
        message=f"rule `{rule.name}` {verb} {address}: {rule.message}",
        span=span,
        notes=tuple(_notes(verdict, workspace, locator)),
        help=_help(verdict) if denied else (),
        severity=Severity.ERROR if denied else Severity.WARNING,
        address=str(address),
    )


def offences(desired: Desired, policy: Policy, locator: Locator) -> Diagnostics:
    """Every rule on resources that a resource of the set breaks."""
    return Diagnostics.of(
        as_diagnostic(
            verdict,
            address,
            workspace=desired.workspace.name,
            locator=locator,
            span=locator.span(address),
        )
        for address, resource in desired.resources.items()
        for verdict in policy.on_resource(resource)
    )


def _notes(verdict: Verdict, workspace: str, locator: Locator) -> Iterator[str]:
    rule, failure = verdict.rule, verdict.failure
    if failure.error:
        yield f"the rule can't be evaluated here, so it doesn't hold: {failure.why}"
    elif failure.why:
        yield f"at `{'.'.join(failure.path)}`: {failure.why}" if failure.path else failure.why
    place = locator.span(Address(WORKSPACE_KIND, workspace), ("policy", rule.name))
    if place is not None:
        yield f"the rule is at {place}"


def _help(verdict: Verdict) -> tuple[str, ...]:
    rule = verdict.rule
    advice = []
    if verdict.failure.error and "not found in map" in verdict.failure.why:
        advice.append("ask first whether a field is there: `has(…)`")
    if rule.overridable:
        advice.append(f"if that is agreed, allow it once with `--allow {gate_name(rule)}`")
    else:
        advice.append("change the manifest, or have the rule changed: it can't be overridden")
    return tuple(advice)
