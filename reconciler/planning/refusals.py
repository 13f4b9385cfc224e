"""What a plan holds back: each refusal names its gate, its address, its line and the way out."""

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from reconciler.diagnostics import Code, Diagnostic, count
from reconciler.planning.dangers import dangers
from reconciler.planning.inputs import Inputs
from reconciler.planning.ownership import LAGS, Ownership, over_at
from reconciler.planning.policing import forbidden
from reconciler.planning.suspicion import suspicious_kinds
from reconciler.resources import (
    KINDS,
    Action,
    Address,
    Change,
    Gate,
    LiveResource,
    Refusal,
    Snapshot,
)
from reconciler.state import Intent

_DESTROYS = (Action.DELETE, Action.REPLACE)
_MAKES = (Action.CREATE, Action.REPLACE)


def guarded(changes: Iterable[Change], inputs: Inputs, ownership: Ownership) -> tuple[Change, ...]:
    """The changes with a refusal on each that may not happen; an earlier refusal stays."""
    listed = tuple(changes)
    names = _Names(listed, inputs, ownership)
    suspicious = suspicious_kinds(inputs, ownership)
    checks: tuple[Callable[[Change], Refusal | None], ...] = (
        lambda change: _incomplete(change, inputs),
        lambda change: _suspicious(change, suspicious),
        lambda change: _blocked(change, inputs, ownership),
        lambda change: _ambiguous(change, inputs, ownership),
        lambda change: _protected(change, ownership),
        names.taken,
        lambda change: _unknown_people(change, inputs),
        lambda change: forbidden(change, inputs),
        lambda change: dangers(change, inputs),
    )
    checked = tuple(_first(change, checks) for change in listed)
    return _limited(checked, inputs, ownership)


def _first(change: Change, checks: Iterable[Callable[[Change], Refusal | None]]) -> Change:
    if change.refusal is not None:
        return change
    found = (refusal for check in checks if (refusal := check(change)) is not None)
    return replace(change, refusal=next(found, None))


def _refuse(
    gate: Gate,
    change: Change,
    code: Code,
    message: str,
    *help_: str,
    overridable: bool = False,
    notes: tuple[str, ...] = (),
) -> Refusal:
    diagnostic = Diagnostic(
        code=code,
        message=message,
        span=change.span,
        notes=notes,
        help=help_,
        address=str(change.address),
    )
    return Refusal(gate=gate, diagnostic=diagnostic, overridable=overridable)


def _incomplete(change: Change, inputs: Inputs) -> Refusal | None:
    if change.address.kind in inputs.snapshot.complete:
        return None
    return _refuse(
        Gate.INCOMPLETE_READ,
        change,
        Code.INCOMPLETE_READ,
        f"the workspace's {change.address.kind} list was not read whole",
        "nothing is changed on a partial list: try again",
    )


def _suspicious(change: Change, suspicious: Mapping[str, str]) -> Refusal | None:
    why = suspicious.get(change.address.kind)
    if why is None and change.action in _DESTROYS:
        # The same token read all lists: what cut one short may have cut others.
        why = next(iter(suspicious.values()), None)
    if why is None or change.action is Action.UPDATE:
        return None
    return _refuse(
        Gate.SUSPICIOUS_READ,
        change,
        Code.SUSPICIOUS_READ,
        why,
        "try again; look whether the token is still an administrator's, of this workspace",
        "if they were really deleted, allow it once with `--allow suspicious-read`",
        overridable=True,
        notes=("a list that lost so much at once may be cut short: nothing is made or deleted",),
    )


def _ambiguous(change: Change, inputs: Inputs, ownership: Ownership) -> Refusal | None:
    """What an interrupted run may have made, and what that is isn't certain."""
    ids = ownership.ambiguous.get(change.address)
    if ids:
        return _refuse(
            Gate.AMBIGUOUS,
            change,
            Code.AMBIGUOUS_CREATION,
            f"an interrupted run may have created {change.address}, and "
            f"{count(len(ids), 'object')} fit{'s' * (len(ids) == 1)}: {', '.join(ids)}",
            "delete those that nobody needs in the workspace, then plan again",
            f"if it is one of them: {_adopting(change.address, ids[0])}",
            notes=("nothing says which of them that run made, if any",),
        )
    intent = ownership.awaited.get(change.address)
    if intent is None or change.action not in _MAKES or not inputs.held:
        return None
    if KINDS[change.address.kind].unique_names:
        return None
    return _refuse(
        Gate.AMBIGUOUS,
        change,
        Code.AMBIGUOUS_CREATION,
        f"an interrupted run may have created {change.address}; the workspace doesn't show it, and "
        "what was read may be from before",
        f"plan again{_when(inputs.snapshot, intent)}: if it doesn't show by then, it isn't there",
        *_unless_owned(change.address, ownership),
        notes=("made now, there might be two of it",),
    )


def _blocked(change: Change, inputs: Inputs, ownership: Ownership) -> Refusal | None:
    """Both ends of a rename onto an address at which a creation was started."""
    renames = (move for move in ownership.blocked.items() if change.address in move)
    move = next(renames, None)
    if move is None:
        return None
    new, old = move
    return _refuse(
        Gate.AMBIGUOUS,
        replace(change, span=inputs.locator.span(new) or change.span),
        Code.AMBIGUOUS_CREATION,
        f"{old} can't become {new}: an interrupted run may have created one there",
        f"if it isn't there: `reconciler forget {new}`; then the rename can be done",
        f"to have what was created there instead, take `{old.name}` out of its "
        "`metadata.previously`",
    )


def _when(snapshot: Snapshot, intent: Intent) -> str:
    if snapshot.at is None or intent.asked is None:
        return " later"
    left = round((over_at(intent, intent.asked) + LAGS - snapshot.at) / 60_000)
    return f" in {count(max(left, 1), 'minute')}"


def _unless_owned(address: Address, ownership: Ownership) -> tuple[str, ...]:
    if address in ownership.state.entries:
        return ()
    return (f"if you know that it isn't there: `reconciler forget {address}`",)


def _protected(change: Change, ownership: Ownership) -> Refusal | None:
    entry = ownership.state.entries.get(change.address)
    finished = entry is not None and bool(entry.applied)
    if change.action not in _DESTROYS or (change.live and change.live.broken and not finished):
        return None
    if not ((entry and entry.protect) or (change.desired and change.desired.protect)):
        return None
    verb = "deletes" if change.action is Action.DELETE else "replaces"
    return _refuse(
        Gate.PROTECTED,
        change,
        Code.PROTECTED,
        f"this {verb} {change.address}, which is protected",
        "to let it happen, first apply a manifest with `lifecycle: {protect: false}`"
        if change.desired is None or change.desired.protect
        else "the manifest lifts the protection: apply it, then plan and apply again",
        notes=("protection is remembered in state, so removing the manifest doesn't lift it",),
    )


def _unknown_people(change: Change, inputs: Inputs) -> Refusal | None:
    if change.desired is None:
        return None
    directory = inputs.snapshot.directory
    lists = (
        ("members", directory.members, Gate.UNKNOWN_MEMBER, Code.UNKNOWN_MEMBER, str.casefold),
        ("groups", directory.groups, Gate.UNKNOWN_GROUP, Code.UNKNOWN_GROUP, str),
    )
    for name, known, gate, code, fold in lists:
        if known is None or not change.changes((name,)):
            continue
        value = change.desired.spec.get(name)
        items = value if isinstance(value, (list, tuple)) else ()
        names = {fold(each) for each in known} if items else frozenset()
        unknown = [at for at, item in enumerate(items) if fold(str(item)) not in names]
        if unknown:
            span = inputs.locator.span(change.address, (name, str(unknown[0])))
            noun = "member" if name == "members" else "group"
            listed = ", ".join(f"`{items[at]}`" for at in unknown)
            are = f"is no {noun}" if len(unknown) == 1 else f"are no {noun}s"
            return _refuse(
                gate,
                replace(change, span=span or change.span),
                code,
                f"{listed} {are} of the workspace",
                f"invite or create the {noun} there, or remove the line",
            )
    return None


class _Names:
    """Who holds which display name, and who frees it in this plan."""

    def __init__(self, changes: tuple[Change, ...], inputs: Inputs, ownership: Ownership) -> None:
        freeing = {
            change.address
            for change in changes
            if change.action is Action.DELETE or change.changes(("displayName",))
        }
        owners = ownership.state.owners()
        self._ambiguous = ownership.ambiguous
        self._holders: dict[tuple[str, str], list[tuple[LiveResource, Address | None]]] = {}
        for kind, resources in inputs.snapshot.resources.items():
            for remote_id, live in resources.items():
                owner = owners.get((kind, remote_id))
                if owner is None or owner not in freeing:
                    key = kind, KINDS[kind].name_key(live.title)
                    self._holders.setdefault(key, []).append((live, owner))

    def taken(self, change: Change) -> Refusal | None:
        """A refusal when the name that the change takes is somebody else's."""
        takes = change.action is Action.CREATE or change.changes(("displayName",))
        if change.desired is None or not takes or "displayName" not in change.desired.spec:
            return None
        key = change.address.kind, change.desired.kind.name_key(change.title)
        others = (h for h in self._holders.get(key, ()) if h[1] != change.address)
        live, owner = next(others, (None, None))
        if live is None:
            return None
        whose = f"which is {owner}" if owner else "which this state doesn't own"
        span = next((f.span for f in change.fields if f.path == ("displayName",)), None)
        return _refuse(
            Gate.NAME_TAKEN,
            replace(change, span=span or change.span),
            Code.NAME_TAKEN,
            f"the workspace already has `{live.title}` ({live.remote_id}), {whose}",
            "choose another `displayName`, or rename or delete the other one in the workspace",
            *(() if owner or live.broken else _take_over(change.address, live)),
            notes=_STRANGER if not owner else (),
        )


_STRANGER = (
    "nothing that the state doesn't own is ever changed",
    "somebody made it by hand, or another repository manages it: the workspace keeps no owner",
)


def _adopting(address: Address, remote_id: str) -> str:
    return f"`reconciler adopt {shlex.quote(f'{address}={remote_id}')}`"


def _take_over(address: Address, live: LiveResource) -> tuple[str, ...]:
    adopting = _adopting(address, live.remote_id)
    return (
        f"if it is this one, and no other repository manages it: {adopting}",
        (
            "if another repository hands it over: adopt it here, and there run `reconciler forget` "
            "and take its manifest out, before either applies again"
        ),
    )


def _limited(
    changes: tuple[Change, ...], inputs: Inputs, ownership: Ownership
) -> tuple[Change, ...]:
    """Hold back every delete and replace when there are more of them than the guards allow."""
    if Gate.MAX_DELETES in inputs.allow:
        return changes
    doomed = [c for c in changes if c.action in _DESTROYS and c.refusal is None]
    owned = len(ownership.state.entries)
    limits = []
    guards = inputs.guards
    if guards.max_deletes is not None and len(doomed) > guards.max_deletes:
        limits.append(f"`maxDeletes` allows {guards.max_deletes}")
    fraction = guards.max_delete_fraction
    if fraction is not None and owned and len(doomed) / owned > fraction:
        limits.append(f"`maxDeleteFraction` allows {fraction:g} of {owned}")
    if not doomed or not limits:
        return changes
    addresses = {change.address for change in doomed}
    number = f"{len(doomed)} resource{'s' * (len(doomed) != 1)}"
    message = f"the plan deletes or replaces {number}, and {', and '.join(limits)}"
    return tuple(
        replace(
            change,
            refusal=_refuse(
                Gate.MAX_DELETES,
                change,
                Code.MAX_DELETES,
                message,
                "if that is what you want, allow it once with `--allow max-deletes`",
                overridable=True,
            ),
        )
        if change.address in addresses
        else change
        for change in changes
    )
