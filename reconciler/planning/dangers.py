"""Transitions that a person should have agreed to: each is held back by a gate of its own name.

A gate is about what becomes of something that exists; a creation is in front of the reviewer as a
whole, save that a credential which everybody shares in an open space is a danger from the first
day. Why the workspace differs doesn't matter: to undo what somebody tightened by hand takes an
agreement, too.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.diagnostics import Code, Diagnostic, Span
from reconciler.planning.inputs import Inputs
from reconciler.resources import (
    COMPANY,
    FALLBACK_STAKE,
    STAKES,
    Action,
    Address,
    Change,
    FieldChange,
    Gate,
    Hidden,
    Path,
    Reason,
    Refusal,
    SecretRef,
    Spec,
)

_CHANGES = (Action.UPDATE, Action.REPLACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Danger:
    """One transition; `span` is the line that asks for it."""

    gate: Gate
    message: str
    note: str
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """A credential that everyone who uses a server sends alike: what it is, and whose field."""

    words: str
    path: Path


def dangers(change: Change, inputs: Inputs) -> Refusal | None:
    """A refusal when the change is dangerous and nobody allowed that; it names every such gate."""
    if change.desired is None:
        return None
    check = _BY_KIND.get(change.address.kind)
    allowed = inputs.allow.union(inputs.guards.allow)
    found = [d for d in check(change, inputs) if d.gate not in allowed] if check else []
    if not found:
        return None
    first, *others = _merged(found)
    flags = " ".join(f"--allow {danger.gate}" for danger in (first, *others))
    diagnostic = Diagnostic(
        code=Code(first.gate.value),
        message=first.message,
        span=first.span or change.span,
        notes=(first.note, *(_also(danger) for danger in others)),
        help=(f"if that is what you want, allow it once with `{flags}`",),
        address=str(change.address),
    )
    return Refusal(gate=first.gate, diagnostic=diagnostic, overridable=True)


def _merged(found: list[_Danger]) -> list[_Danger]:
    """One danger for each gate, the others' messages with it."""
    by_gate: dict[Gate, list[_Danger]] = {}
    for danger in found:
        by_gate.setdefault(danger.gate, []).append(danger)
    return [
        _Danger(
            gate=gate,
            message="; ".join(danger.message for danger in listed),
            note=listed[0].note,
            span=listed[0].span,
        )
        for gate, listed in by_gate.items()
    ]


def _also(danger: _Danger) -> str:
    where = f" ({danger.span.file}:{danger.span.line})" if danger.span else ""
    return f"gate {danger.gate.value}, too: {danger.message}{where}"


def _of_space(change: Change, inputs: Inputs) -> Iterator[_Danger]:
    if not _is_transition(change):
        return
    desired, live = _specs(change)
    for field in change.fields:
        if field.path == ("access",) and field.after == "open":
            yield _Danger(
                gate=Gate.OPEN_SPACE,
                message=f"this opens {change.address} to the whole workspace",
                note="everybody in the workspace will see what is in it, and its tools",
                span=field.span,
            )
            yield from _shared_in(change, field, inputs)
    if desired.get("access", live.get("access")) == "restricted":
        for field in change.fields:
            if field.path == ("members",):
                yield from _of_members(change, field, inputs)


def _is_transition(change: Change) -> bool:
    """Whether something finished changes; what an interrupted run left half made goes on."""
    return change.action in _CHANGES and change.reason is not Reason.UNFINISHED


def _of_members(change: Change, field: FieldChange, inputs: Inputs) -> Iterator[_Danger]:
    before, after = (frozenset(map(str.casefold, _texts(v))) for v in (field.before, field.after))
    caller = inputs.snapshot.caller
    if caller and caller.casefold() in before - after:
        yield _Danger(
            gate=Gate.REMOVE_SELF,
            message=f"this takes {caller}, whose access token is used, out of {change.address}",
            note="whoever isn't in a restricted space doesn't see what is in it",
            span=field.span,
        )
    least = inputs.guards.min_admins
    left = len(after & inputs.snapshot.directory.admins)
    if least is not None and left < least and before - after:
        yield _Danger(
            gate=Gate.MIN_ADMINS,
            message=f"this leaves {change.address} {left} of the workspace's administrators, and "
            f"`minAdmins` asks for {least}",
            note="administrators who come with a group aren't counted",
            span=field.span,
        )


def _shared_in(change: Change, field: FieldChange, inputs: Inputs) -> Iterator[_Danger]:
    """Shared credentials of servers in the space, as the manifests place them or as it is."""
    entries = inputs.state.entries
    for address, resource in inputs.resources.items():
        if address.kind != "MCPServer":
            continue
        entry = entries.get(address)
        live = entry and inputs.snapshot.find(address.kind, entry.remote_id)
        there: Any = live.spec if live else {}
        listed = resource.spec.get("spaces")
        if listed is None:  # not managed: it stays where it is shown now
            shown = change.remote_id in there.get("spaces", ())
        else:
            shown = change.address.name in _texts(listed)
        if shown:
            for credential in _shared(resource.spec, there):
                yield _told(credential, address, str(change.address), field.span)


def _of_server(change: Change, inputs: Inputs) -> Iterator[_Danger]:
    desired, live = _specs(change)
    changing = _is_transition(change)
    for field in change.fields:
        if field.path == ("spaces",):
            added = _texts(field.after) - _texts(field.before)
            if changing and COMPANY in added:
                yield _to_company(change, field)
        elif changing:
            yield from _of_sign_in(change, field)
            yield from _of_tool(field, desired, live)
    yield from _shared_shown(change, inputs)


def _to_company(change: Change, field: FieldChange) -> _Danger:
    return _Danger(
        gate=Gate.COMPANY_WIDE,
        message=f"this shows {change.address} to the whole company",
        note="its views in other spaces are deleted, and agents that use it there lose it",
        span=field.span,
    )


def _of_sign_in(change: Change, field: FieldChange) -> Iterator[_Danger]:
    if field.path == ("auth", "credentials"):
        if (field.before, field.after) == ("personal", "workspace"):
            yield _Danger(
                gate=Gate.SHARED_CREDENTIALS,
                message=f"this lets everybody use {change.address} with one shared sign-in",
                note="agents act as whoever signed in for the workspace, not as each person",
                span=field.span,
            )
    elif field.path == ("auth", "scopes"):
        before, after = _texts(field.before), _texts(field.after)
        if before and after - before:
            yield _Danger(
                gate=Gate.WIDER_SCOPES,
                message=f"this widens what {change.address} may do, by "
                + ", ".join(f"`{scope}`" for scope in sorted(after - before)),
                note=f"so far it has {', '.join(sorted(before))}",
                span=field.span,
            )


def _of_tool(field: FieldChange, desired: Spec, live: Spec) -> Iterator[_Danger]:
    if field.path[0] != "tools" or len(field.path) != 3:
        return
    name = field.path[1]
    if field.path[2] == "stake" and _rank(field.after) < _rank(field.before or FALLBACK_STAKE):
        yield _Danger(
            gate=Gate.LOWER_STAKE,
            message=f"this lowers the stake of `{name}` from {field.before or FALLBACK_STAKE} to "
            f"{field.after}",
            note="agents call it with less asking",
            span=field.span,
        )
    if field.path[2] == "enabled" and field.before is False and field.after is True:
        stake = _setting(desired, name) or _stake(live, name) or FALLBACK_STAKE
        if stake == "high":
            yield _Danger(
                gate=Gate.ENABLE_HIGH_STAKE,
                message=f"this enables `{name}`, whose stake is high",
                note="agents can't call it so far",
                span=field.span,
            )


def _shared_shown(change: Change, inputs: Inputs) -> Iterator[_Danger]:
    """A shared credential that begins to be used, or is shown, where everybody comes."""
    desired, live = _specs(change)
    placed = next((f for f in change.fields if f.path == ("spaces",)), None)
    after = _texts(placed.after) if placed else _shown_now(change, live)
    before = _texts(placed.before) if placed else after
    for credential in _shared(desired, live):
        begun = next((f for f in change.fields if _begins(credential, f, change, inputs)), None)
        for label in sorted(after if begun else after - before):
            if _is_open(label, change, inputs):
                where = "the whole company" if label == COMPANY else f"`{label}`, which is open"
                asks = placed or begun
                yield _told(credential, change.address, where, asks.span if asks else None)


def _shared(desired: Spec, live: Spec) -> Iterator[_Shared]:
    """The credentials that everyone who uses the server shares, as they will be.

    Values of headers can't be read back: where the manifest doesn't manage them, each may be one.
    """
    auth: Any = desired.get("auth") or live.get("auth") or {}
    if auth.get("mode") == "bearer":
        yield _Shared(words="signs in with one bearer token", path=("auth", "mode"))
    declared: Any = desired.get("headers")
    if declared is None:
        there: Any = live.get("headers") or {}
        for name in sorted(there):
            yield _Shared(words=f"sends one value as `{name}` for all", path=("headers", name))
    else:
        for name in sorted(name for name, value in declared.items() if SecretRef.from_json(value)):
            yield _Shared(words=f"sends one secret as `{name}`", path=("headers", name))


def _begins(credential: _Shared, field: FieldChange, change: Change, inputs: Inputs) -> bool:
    """Whether this field's change is what makes it a credential that all share.

    A secret that takes another's place doesn't: it was shared before.
    """
    if field.path != credential.path:
        return False
    if field.path[0] == "auth" or field.before is None:
        return True
    entry = inputs.state.entries.get(change.address)
    applied: Any = (entry.applied.get("headers") if entry else None) or {}
    last = {name.casefold(): value for name, value in applied.items()}
    return isinstance(field.after, Hidden) and not SecretRef.from_json(
        last.get(field.path[1].casefold())
    )


def _told(credential: _Shared, address: Address, where: str, span: Span | None) -> _Danger:
    return _Danger(
        gate=Gate.BEARER_IN_OPEN_SPACE,
        message=f"{address} {credential.words}, and everybody gets it: {where}",
        note="everyone who may use it acts as the one account of that credential",
        span=span,
    )


def _shown_now(change: Change, live: Spec) -> frozenset[str]:
    ids = _texts(live.get("spaces"))
    return frozenset(label for label, remote_id in change.links.items() if remote_id in ids)


def _is_open(label: str, change: Change, inputs: Inputs) -> bool:
    if label == COMPANY:
        return True
    resource = inputs.resources.get(Address("Space", label))
    declared = resource.spec.get("access") if resource else None
    remote_id = change.links.get(label)
    live = inputs.snapshot.find("Space", remote_id) if remote_id else None
    return (declared or (live.spec.get("access") if live else None)) == "open"


def _specs(change: Change) -> tuple[Spec, Spec]:
    return (change.desired.spec if change.desired else {}, change.live.spec if change.live else {})


def _setting(spec: Spec, tool: str) -> str | None:
    """The stake that a manifest gives a tool, by its name or by default."""
    return _stake(spec, tool) or _stake(spec, "default")


def _stake(spec: Spec, tool: str) -> str | None:
    tools: Any = spec.get("tools") or {}
    settings: Mapping[str, Any] = tools.get(tool) or {}
    return settings.get("stake")


def _rank(stake: object) -> int:
    return STAKES.index(str(stake)) if stake in STAKES else len(STAKES)


def _texts(value: object) -> frozenset[str]:
    if isinstance(value, (list, tuple, set, frozenset)):
        return frozenset(map(str, value))
    return frozenset()


_BY_KIND: Mapping[str, Callable[[Change, Inputs], Iterator[_Danger]]] = {
    "Space": _of_space,
    "MCPServer": _of_server,
}
