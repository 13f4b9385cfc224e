"""A plan to JSON: self-contained, without any secret, sealed by its digest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic.alias_generators import to_camel

from reconciler.diagnostics import Span, as_json
from reconciler.planning.document import (
    FORMAT,
    BasisDocument,
)
from reconciler.planning.plan import Plan
from reconciler.planning.scope import Partial
from reconciler.planning.seeing import SecretSeen
from reconciler.resources import (
    Action,
    Change,
    Each,
    FieldChange,
    Hidden,
    Operation,
    Shown,
    digest_of,
)


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


def plan_json(
    plan: Plan,
    *,
    basis: Basis,
    desired: Mapping[str, Any],
    mode: Literal["apply", "destroy"],
    allow: frozenset[str],
) -> dict[str, Any]:
    """The document of `plan`; equal plans give equal documents.

    Its changes are made as they are read (`Each`): all of them at once may take gigabytes.
    """
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
        "changes": Each(change_json, plan.changes),
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
    return {**document, "digest": seal_of(document)}


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


def seal_of(document: Mapping[str, Any]) -> str:
    """The digest over everything else in a plan's document."""
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
