"""The plan: ordered changes with reasons, operations and consequences, as one value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from reconciler.diagnostics import Code, Diagnostic, Diagnostics, Severity
from reconciler.planning.derive import Derived, Deriver
from reconciler.planning.inputs import Inputs, Observation
from reconciler.planning.ordering import hold_back_dependants, ordered
from reconciler.planning.ownership import labels, settle
from reconciler.planning.policing import policy_warnings
from reconciler.planning.refusals import guarded
from reconciler.planning.scope import Partial, Selection, select
from reconciler.planning.seeing import seen
from reconciler.planning.suspicion import suspicious_kinds
from reconciler.resources import (
    DEFAULT_TOOL,
    Action,
    Address,
    Change,
    FieldChange,
    Path,
    Reason,
    secret_refs,
    show_path,
)
from reconciler.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done, and on what knowledge.

    `state` is the state that an apply starts from: renames done, unfinished creations looked up,
    vanished leftovers in `forgotten` dropped. `unchanged` are managed resources without a
    change; `ignored` the fields that differ but are left to the workspace; `not_compared` the
    secrets that were not available. `awaited` are creations that were started, and that the lists
    don't show, or not yet. `partial` says which part of everything this is; None for the
    whole.
    """

    changes: tuple[Change, ...]
    unchanged: tuple[Address, ...]
    state: State
    moves: tuple[tuple[Address, Address], ...] = ()
    recovered: tuple[Address, ...] = ()
    forgotten: tuple[Address, ...] = ()
    awaited: tuple[Address, ...] = ()
    ignored: Mapping[Address, tuple[FieldChange, ...]]
    not_compared: tuple[tuple[Address, Path], ...] = ()
    partial: Partial | None = None
    warnings: Diagnostics = field(default_factory=Diagnostics)

    @property
    def refused(self) -> tuple[Change, ...]:
        """The changes that are held back."""
        return tuple(change for change in self.changes if change.refusal)

    @property
    def runnable(self) -> tuple[Change, ...]:
        """The changes that an apply makes."""
        return tuple(change for change in self.changes if not change.refusal)

    @property
    def drifted(self) -> tuple[Change, ...]:
        """The changes that undo what others did to the workspace."""
        return tuple(change for change in self.changes if change.drifted)

    @property
    def calls(self) -> int:
        """How many operations the runnable changes take."""
        return sum(len(change.operations) for change in self.runnable)

    def counts(self) -> dict[Action, int]:
        """How many runnable changes there are of each action."""
        found = dict.fromkeys(Action, 0)
        for change in self.runnable:
            found[change.action] += 1
        return found


def make_plan(inputs: Inputs) -> Plan:
    """Decide what to do; pure."""
    ownership = settle(inputs.resources, inputs.state, inputs.snapshot)
    deriver = Deriver(
        inputs=inputs,
        ownership=ownership,
        labels=labels(ownership.state, inputs.snapshot),
        suspicious=suspicious_kinds(inputs, ownership),
    )
    derived: dict[Address, Derived] = {
        address: deriver.desired(resource) for address, resource in sorted(inputs.resources.items())
    }
    for address, entry in ownership.state.entries.items():
        if address not in inputs.resources:
            derived[address] = deriver.removed(address, entry)
    part = select(
        inputs.scope,
        ordered(d.change for d in derived.values() if d.change),
        inputs.resources,
        ownership.state.entries.keys(),
    )
    changes = hold_back_dependants(guarded(part.changes, inputs, ownership))
    forgotten = tuple(sorted(a for a, d in derived.items() if d.forget and a in part))
    state = ownership.state
    for address in forgotten:
        state = state.drop(address)
    return Plan(
        changes=tuple(_forecast(change, inputs) for change in changes),
        unchanged=tuple(sorted(a for a in inputs.resources if a in part and not derived[a].change)),
        state=state,
        moves=ownership.moves,
        recovered=ownership.recovered,
        forgotten=forgotten,
        awaited=tuple(sorted(ownership.awaited)),
        ignored={a: d.ignored for a, d in sorted(derived.items()) if d.ignored and a in part},
        not_compared=_not_compared(inputs, state, part),
        partial=part.partial,
        warnings=Diagnostics.of(
            (
                *_missing_tools(inputs, state, part),
                *_both_changed(changes),
                *_waiting(changes, state),
                *policy_warnings(changes, inputs, part),
            )
        ),
    )


def _forecast(change: Change, inputs: Inputs) -> Change:
    return replace(
        change,
        operations=inputs.forecaster.operations(change),
        consequences=inputs.forecaster.consequences(change),
        seen=seen(change),
    )


def _not_compared(
    inputs: Inputs, state: State, part: Selection
) -> tuple[tuple[Address, Path], ...]:
    return tuple(
        (address, path)
        for address, resource in sorted(inputs.resources.items())
        if address in part and (entry := state.entries.get(address)) and entry.fingerprints
        for path in secret_refs(resource.kind, resource.spec)
        if path in entry.fingerprints
        and inputs.observations.get((address, path), Observation.NOT_COMPARED)
        is Observation.NOT_COMPARED
    )


def _missing_tools(inputs: Inputs, state: State, part: Selection) -> Iterable[Diagnostic]:
    """Tools that the manifest names and the server doesn't offer."""
    for address, resource in inputs.resources.items():
        named = resource.spec.get("tools")
        entry = state.entries.get(address)
        live = entry and inputs.snapshot.find(address.kind, entry.remote_id)
        if address not in part or not isinstance(named, Mapping) or not live:
            continue
        offered = live.spec.get("tools")
        for tool in named:
            if tool != DEFAULT_TOOL and isinstance(offered, Mapping) and tool not in offered:
                yield Diagnostic(
                    code=Code.UNKNOWN_TOOL,
                    message=f"the server offers no tool `{tool}`",
                    span=inputs.locator.span(address, ("tools", tool)),
                    notes=("its settings are written as soon as the server offers it",),
                    severity=Severity.WARNING,
                    address=str(address),
                )


def _both_changed(changes: Iterable[Change]) -> Iterable[Diagnostic]:
    """Fields that moved on both sides: applying them undoes what somebody did."""
    for change in changes:
        for field_ in change.fields:
            if field_.reason is Reason.BOTH and change.refusal is None:
                yield Diagnostic(
                    code=Code.BOTH_CHANGED,
                    message=f"`{show_path(field_.path)}` was changed in the workspace as well as "
                    "in the manifest",
                    span=field_.span or change.span,
                    notes=("applying overwrites what was set in the workspace",),
                    severity=Severity.WARNING,
                    address=str(change.address),
                )


def _waiting(changes: Iterable[Change], state: State) -> Iterable[Diagnostic]:
    """Sign-ins that were asked for and that the changes still wait for."""
    for change in changes:
        consent = state.consents.get(change.address)
        if consent is not None and change.refusal is None:
            yield Diagnostic(
                code=Code.CONSENT_NEEDED,
                message=f"{change.address} waits for {consent.who} to sign in, since "
                f"{consent.since}",
                span=change.span,
                help=(f"that person runs `reconciler connect {change.address}`",),
                severity=Severity.WARNING,
                address=str(change.address),
            )
