"""A plan to JSON and back: self-contained, without any secret, sealed by its digest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import JsonValue, ValidationError
from pydantic.alias_generators import to_camel

from reconciler.diagnostics import Diagnostic, Span, as_json
from reconciler.planning.document import (
    FORMAT,
    BasisDocument,
    ChangeDocument,
    DiagnosticDocument,
    FieldDocument,
    HiddenValue,
    PartialDocument,
    PlaceDocument,
    PlanDocument,
    RefusalDocument,
    SetValue,
    UsersDocument,
)
from reconciler.planning.plan import Plan
from reconciler.planning.scope import Partial, Scope
from reconciler.planning.seeing import SecretSeen
from reconciler.resources import (
    Action,
    Address,
    Change,
    FieldChange,
    Hidden,
    Operation,
    Path,
    Refusal,
    Shown,
    Users,
    digest_of,
    place_text,
    read_json,
)


class PlanUnreadable(Exception):
    """A plan file that can't be used: `message` says why, `help` what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.help = ("make a new one with `reconciler plan --out FILE`",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a plan was made from, and how long it counts (ISO 8601, UTC)."""

    manifests: str
    live: Mapping[str, str]
    secrets: tuple[SecretSeen, ...] = ()
    state_lineage: str
    state_serial: int
    workspace_id: str
    workspace_url: str
    tool_version: str
    made_at: str
    expires_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """A plan that was read back: `changes` without live objects, `desired` as JSON."""

    mode: Literal["apply", "destroy"]
    basis: Basis
    changes: tuple[Change, ...]
    unchanged: tuple[Address, ...]
    moves: tuple[tuple[Address, Address], ...]
    recovered: tuple[Address, ...]
    forgotten: tuple[Address, ...]
    ignored: Mapping[Address, tuple[FieldChange, ...]]
    not_compared: tuple[tuple[Address, Path], ...]
    desired: Mapping[str, Any]
    allow: frozenset[str]
    partial: Partial | None
    warnings: tuple[Diagnostic, ...]
    document: Mapping[str, Any]


def plan_json(
    plan: Plan,
    *,
    basis: Basis,
    desired: Mapping[str, Any],
    mode: Literal["apply", "destroy"],
    allow: frozenset[str],
) -> dict[str, Any]:
    """The document of `plan`; equal plans give equal documents."""
    counts = plan.counts()
    document: dict[str, Any] = {
        "format": FORMAT,
        "mode": mode,
        "basis": _basis(basis),
        "summary": {
            **{action.value: counts[action] for action in Action},
            "unchanged": len(plan.unchanged),
            "refused": len(plan.refused),
            "drifted": len(plan.drifted),
            "calls": plan.calls,
        },
        "changes": [change_json(change) for change in plan.changes],
        "unchanged": [str(address) for address in plan.unchanged],
        "moves": [[str(old), str(new)] for old, new in plan.moves],
        "recovered": [str(address) for address in plan.recovered],
        "forgotten": [str(address) for address in plan.forgotten],
        "ignored": {
            str(address): [_field(item) for item in fields]
            for address, fields in plan.ignored.items()
        },
        "notCompared": [[str(address), list(path)] for address, path in plan.not_compared],
        "partial": partial_json(plan.partial),
        "warnings": [as_json(item) for item in plan.warnings],
        "allow": sorted(allow),
        "desired": dict(desired),
    }
    return {**document, "digest": _digest(document)}


def read_plan(text: str, *, name: str) -> SavedPlan:
    """The plan in `text`; raises PlanUnreadable when it is damaged, altered or of another kind."""
    try:
        raw = read_json(text)
    except ValueError as error:
        raise PlanUnreadable(f"{name} is not a plan: {error}") from None
    found = raw.get("format") if isinstance(raw, dict) else None
    if found != FORMAT:
        raise PlanUnreadable(f"{name} is not a plan of this version: expected `{FORMAT}`")
    try:
        document = PlanDocument.model_validate(raw)
    except (ValidationError, RecursionError) as error:
        where = ""
        if isinstance(error, ValidationError):
            first = error.errors(include_url=False, include_input=False)[0]
            where = f" at `{place_text(first['loc'])}`"
        raise PlanUnreadable(f"{name} is damaged{where}") from None
    if document.digest != _digest({k: v for k, v in raw.items() if k != "digest"}):
        raise PlanUnreadable(f"{name} was altered after it was made: its digest doesn't match")
    try:
        return _saved(document, raw)
    except ValueError as error:
        raise PlanUnreadable(f"{name} is damaged: {error}") from None


def change_json(change: Change) -> dict[str, Any]:
    """One change as JSON."""
    return {
        "address": str(change.address),
        "action": change.action.value,
        "reason": change.reason.value,
        "title": change.title,
        "remoteId": change.remote_id,
        "deposed": list(change.deposed),
        "fields": [_field(item) for item in change.fields],
        "operations": [_operation(item) for item in change.operations],
        "consequences": list(change.consequences),
        "seen": [
            {"path": list(path), "value": shown_json(value)} for path, value in change.seen.items()
        ],
        "users": change.users
        and {"agents": list(change.users.agents), "skills": list(change.users.skills)},
        "dependsOn": [str(address) for address in change.depends_on],
        "refusal": change.refusal
        and {
            "gate": change.refusal.gate.value,
            "overridable": change.refusal.overridable,
            "diagnostic": as_json(change.refusal.diagnostic),
        },
        "place": _place(change.span),
    }


def substance(change: Change) -> dict[str, Any]:
    """What a reviewer agreed to: the change without where it is written down."""
    whole = change_json(change)
    fields = [
        {key: value for key, value in item.items() if key != "place"} for item in whole["fields"]
    ]
    kept = ("address", "action", "reason", "title", "remoteId", "deposed", "operations")
    return {key: whole[key] for key in kept} | {"fields": fields}


def shown_json(value: Shown) -> Any:
    """A comparable value as JSON: sets and hidden values are objects of their own."""
    match value:
        case frozenset():
            return {"set": sorted(value)}
        case Hidden():
            return {"hidden": value.source}
        case _:
            return value


def partial_json(partial: Partial | None) -> dict[str, Any] | None:
    """Which part of everything a plan is, as JSON."""
    if partial is None:
        return None
    return {
        "targets": sorted(map(str, partial.scope.targets)),
        "excludes": sorted(map(str, partial.scope.excludes)),
        "along": [{"address": str(a), "because": str(b)} for a, b in partial.along],
        "leftOut": [{"address": str(a), "because": str(b)} for a, b in partial.left_out],
        "others": partial.others,
    }


def _basis(basis: Basis) -> dict[str, Any]:
    plain = {to_camel(name): getattr(basis, name) for name in BasisDocument.model_fields}
    secrets = [
        {
            "address": str(secret.address),
            "path": list(secret.path),
            "source": secret.source,
            "fingerprint": secret.fingerprint,
        }
        for secret in basis.secrets
    ]
    return {**plain, "live": dict(basis.live), "secrets": secrets}


def _digest(document: Mapping[str, Any]) -> str:
    return "sha256:" + digest_of(document)


def _field(item: FieldChange) -> dict[str, Any]:
    return {
        "path": list(item.path),
        "before": shown_json(item.before),
        "after": shown_json(item.after),
        "reason": item.reason.value,
        "note": item.note,
        "place": _place(item.span),
    }


def _operation(item: Operation) -> dict[str, Any]:
    return {
        "name": item.name,
        "method": item.method,
        "path": item.path,
        "summary": item.summary,
        "arguments": dict(item.arguments),
        "idempotent": item.idempotent,
        "creates": item.creates,
        "deletes": item.deletes,
        "interactive": item.interactive,
    }


def _place(span: Span | None) -> dict[str, Any] | None:
    if span is None:
        return None
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _saved(document: PlanDocument, raw: Mapping[str, Any]) -> SavedPlan:
    secrets = tuple(
        SecretSeen(
            address=Address.parse(item.address),
            path=tuple(item.path),
            source=item.source,
            fingerprint=item.fingerprint,
        )
        for item in document.basis.secrets
    )
    basis = Basis(**document.basis.model_dump(exclude={"secrets"}), secrets=secrets)
    return SavedPlan(
        mode=document.mode,
        basis=basis,
        changes=tuple(_change(item) for item in document.changes),
        unchanged=_addresses(document.unchanged),
        moves=tuple((Address.parse(old), Address.parse(new)) for old, new in document.moves),
        recovered=_addresses(document.recovered),
        forgotten=_addresses(document.forgotten),
        ignored={
            Address.parse(text): tuple(map(_field_of, fields))
            for text, fields in document.ignored.items()
        },
        not_compared=tuple((Address.parse(a), tuple(path)) for a, path in document.not_compared),
        desired=document.desired,
        allow=frozenset(document.allow),
        partial=_partial(document.partial) if document.partial else None,
        warnings=tuple(_diagnostic(item) for item in document.warnings),
        document=raw,
    )


def _addresses(texts: Iterable[str]) -> tuple[Address, ...]:
    return tuple(map(Address.parse, texts))


def _partial(item: PartialDocument) -> Partial:
    return Partial(
        scope=Scope(
            targets=frozenset(_addresses(item.targets)),
            excludes=frozenset(_addresses(item.excludes)),
        ),
        along=tuple((Address.parse(x.address), Address.parse(x.because)) for x in item.along),
        left_out=tuple((Address.parse(x.address), Address.parse(x.because)) for x in item.left_out),
        others=item.others,
    )


def _seen(item: ChangeDocument) -> dict[Path, Shown]:
    return {tuple(field.path): _shown(field.value) for field in item.seen}


def _change(item: ChangeDocument) -> Change:
    return Change(
        address=Address.parse(item.address),
        action=item.action,
        reason=item.reason,
        title=item.title,
        remote_id=item.remote_id,
        deposed=tuple(item.deposed),
        fields=tuple(_field_of(field) for field in item.fields),
        operations=tuple(Operation(**op.model_dump()) for op in item.operations),
        consequences=tuple(item.consequences),
        seen=_seen(item),
        users=_users(item.users) if item.users else None,
        depends_on=_addresses(item.depends_on),
        refusal=_refusal(item.refusal) if item.refusal else None,
        span=_span(item.place),
    )


def _users(item: UsersDocument) -> Users:
    return Users(agents=tuple(item.agents), skills=tuple(item.skills))


def _field_of(item: FieldDocument) -> FieldChange:
    return FieldChange(
        path=tuple(item.path),
        before=_shown(item.before),
        after=_shown(item.after),
        reason=item.reason,
        note=item.note,
        span=_span(item.place),
    )


def _shown(value: SetValue | HiddenValue | JsonValue) -> Shown:
    match value:
        case SetValue():
            return frozenset(value.set)
        case HiddenValue():
            return Hidden(value.hidden)
        case _:
            return value


def _refusal(item: RefusalDocument) -> Refusal:
    diagnostic = _diagnostic(item.diagnostic)
    return Refusal(gate=item.gate, diagnostic=diagnostic, overridable=item.overridable)


def _diagnostic(told: DiagnosticDocument) -> Diagnostic:
    return Diagnostic(
        code=told.code,
        message=told.message,
        span=_span(told.place),
        label=told.label or "",
        notes=tuple(told.notes),
        help=tuple(told.help),
        severity=told.severity,
        address=told.address,
    )


def _span(place: PlaceDocument | None) -> Span | None:
    return place.span() if place else None
