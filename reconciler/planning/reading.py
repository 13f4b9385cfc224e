"""A plan back from JSON: whole, as it was sealed, and of this version, or not at all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import JsonValue, ValidationError

from reconciler.diagnostics import Diagnostic, Span
from reconciler.planning.document import (
    FORMAT,
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
from reconciler.planning.saving import Basis, seal_of
from reconciler.planning.scope import Partial, Scope
from reconciler.planning.seeing import SecretSeen
from reconciler.resources import (
    Address,
    Change,
    FieldChange,
    Hidden,
    Operation,
    Path,
    Refusal,
    Shown,
    Users,
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
    if document.digest != seal_of({k: v for k, v in raw.items() if k != "digest"}):
        raise PlanUnreadable(f"{name} was altered after it was made: its digest doesn't match")
    try:
        return _saved(document, raw)
    except ValueError as error:
        raise PlanUnreadable(f"{name} is damaged: {error}") from None


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
