"""What the workspace's own rules say of a plan: refusals for what they deny, warnings for the rest.

A rule on resources judges every resource that is to change; one that stays as it is can't be
refused, so what denies it is a warning.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler.diagnostics import Diagnostic
from reconciler.planning.inputs import Inputs
from reconciler.planning.scope import Selection
from reconciler.policy import Verdict, allows, as_diagnostic
from reconciler.resources import Change, Gate, Refusal, Resource


def forbidden(change: Change, inputs: Inputs) -> Refusal | None:
    """A refusal when a rule denies the change, or what it is to make; it names every such rule."""
    denials = [
        verdict
        for verdict in _verdicts(change, inputs)
        if verdict.denies and not allows(verdict, inputs.allow)
    ]
    if not denials:
        return None
    first, *others = (_told(verdict, change, inputs) for verdict in denials)
    notes = [note for other in others for note in (other.message, *other.notes)]
    help_ = dict.fromkeys((*first.help, *(text for other in others for text in other.help)))
    return Refusal(
        gate=Gate.POLICY,
        diagnostic=replace(first, notes=(*first.notes, *notes), help=tuple(help_)),
        overridable=all(verdict.rule.overridable for verdict in denials),
    )


def policy_warnings(
    changes: Iterable[Change], inputs: Inputs, part: Selection
) -> Iterator[Diagnostic]:
    """What rules warn about, denials that were overridden, and denials of what doesn't change.

    `part` is what the plan is about; of other resources nothing is said.
    """
    if not inputs.policy:
        return
    changing = set()
    for change in changes:
        changing.add(change.address)
        for verdict in _verdicts(change, inputs):
            if not verdict.denies or allows(verdict, inputs.allow):
                yield _told(verdict, change, inputs, warning=True)
    for address, resource in inputs.resources.items():
        if address in part and address not in changing:
            yield from _of_unchanged(resource, inputs)


def _of_unchanged(resource: Resource, inputs: Inputs) -> Iterator[Diagnostic]:
    for verdict in inputs.policy.on_resource(resource):
        told = as_diagnostic(
            verdict,
            resource.address,
            workspace=inputs.workspace,
            locator=inputs.locator,
            span=inputs.locator.span(resource.address),
            warning=True,
        )
        if verdict.denies:
            told = replace(told, notes=(*told.notes, "it is as declared, so nothing is refused"))
        yield told


def _verdicts(change: Change, inputs: Inputs) -> tuple[Verdict, ...]:
    if not inputs.policy:
        return ()
    on_resource = inputs.policy.on_resource(change.desired) if change.desired else ()
    consequences = inputs.forecaster.consequences(change)
    return (*on_resource, *inputs.policy.on_change(change, consequences))


def _told(verdict: Verdict, change: Change, inputs: Inputs, *, warning: bool = False) -> Diagnostic:
    told = as_diagnostic(
        verdict,
        change.address,
        workspace=inputs.workspace,
        locator=inputs.locator,
        span=change.span,
        warning=warning,
    )
    if warning and verdict.denies:
        return replace(told, notes=(*told.notes, "this run allows it, once"))
    return told
