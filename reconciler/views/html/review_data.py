"""What the page is told: the review as JSON, its words chosen here and not in the script."""

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.diagnostics import Diagnostic, Span, printable
from reconciler.resources import Action, Address, Change, FieldChange, Operation, Shown, show_path
from reconciler.views.html.graph_data import graph_data
from reconciler.views.matters import Matter
from reconciler.views.notes import not_compared_text
from reconciler.views.review import Outcome, Review
from reconciler.views.words import FIELD_REASONS, REASONS, SIGNS, users_text, value_text


def review_data(review: Review) -> Any:
    """All that the page shows; no text in it can reorder a line."""
    origins = _origins(review)
    concerns: dict[Address, list[str]] = {}
    for matter in review.matters:
        concerns.setdefault(matter.address, []).append(matter.concern.value)
    return all_printable(
        {
            "workspace": review.workspace,
            "noun": review.noun,
            "outcome": review.outcome.value,
            "headline": review.headline,
            "counts": {
                **{action.value: review.counts.actions.get(action, 0) for action in Action},
                "refused": review.counts.refused,
                "unchanged": review.counts.unchanged,
                "drifted": review.counts.drifted,
                "calls": review.counts.calls,
            },
            "digest": review.digest,
            "madeAt": review.made_at,
            "expiresAt": review.expires_at,
            "allow": list(review.allow),
            "failure": _failure(review),
            "notes": [*review.notes, *_not_compared(review)],
            "errors": [_diagnostic(item) for item in review.errors],
            "warnings": [_diagnostic(item) for item in review.warnings],
            "matters": [_matter(matter) for matter in review.matters],
            "changes": [
                change_data(change, origins[change.address], concerns.get(change.address, ()))
                for change in review.changes
            ],
            "untouched": [
                {"address": str(address), "compared": address in review.as_declared}
                for address in review.untouched
            ],
            "graph": None if review.outcome is Outcome.STOPPED else graph_data(review),
        }
    )


def all_printable(value: Any) -> Any:
    """The value with every text in it as people may read it."""
    match value:
        case str():
            return printable(value)
        case Mapping():
            return {key: all_printable(item) for key, item in value.items()}
        case list():
            return [all_printable(item) for item in value]
        case _:
            return value


def _origins(review: Review) -> dict[Address, list[str]]:
    """Whether the manifests introduce a change, or it was there before them; both may be."""
    found: dict[Address, list[str]] = {change.address: [] for change in review.changes}
    for name, items in (("introduced", review.introduced), ("standing", review.standing)):
        for item in items:
            found[item.change.address].append(name)
    return found


def _not_compared(review: Review) -> Iterable[str]:
    if review.not_compared:
        yield not_compared_text(review.not_compared)


def _failure(review: Review) -> dict[str, Any] | None:
    failure = review.failure
    if failure is None:
        return None
    return {
        "code": failure.code,
        "message": failure.message,
        "notes": list(failure.notes),
        "help": list(failure.help),
    }


def _matter(matter: Matter) -> dict[str, Any]:
    told = matter.before is not None or matter.after is not None
    return {
        "concern": matter.concern.value,
        "effect": matter.effect.value,
        "address": str(matter.address),
        "action": matter.action.value,
        "message": matter.message,
        "path": show_path(matter.path),
        "values": _values(matter.before, matter.after) if told and matter.path else None,
        "details": list(matter.details),
        "reason": matter.reason.value,
        "why": REASONS[matter.reason],
        "gate": matter.gate and matter.gate.value,
        "place": place_data(matter.span),
    }


def change_data(change: Change, origins: list[str], concerns: Iterable[str] = ()) -> dict[str, Any]:
    """One change, with whether the manifests introduce it, and what of security it touches."""
    mixed = len({field.reason for field in change.fields}) > 1
    return {
        "address": str(change.address),
        "kind": change.address.kind,
        "title": change.title if change.title != change.address.name else "",
        "action": change.action.value,
        "sign": SIGNS[change.action],
        "reason": change.reason.value,
        "why": REASONS[change.reason],
        "drifted": change.drifted,
        "origins": origins,
        "concerns": list(dict.fromkeys(concerns)),
        "refusal": _refusal(change),
        "fields": [_field(field, mixed=mixed) for field in change.fields],
        "seen": [
            {"path": show_path(path), "value": value_text(value)}
            for path, value in change.seen.items()
        ],
        "operations": [_operation(item) for item in change.operations],
        "consequences": list(change.consequences),
        "users": None if change.users is None else users_text(change.users),
        "needs": [str(address) for address in change.depends_on],
        "place": place_data(change.span),
    }


def _refusal(change: Change) -> dict[str, Any] | None:
    refusal = change.refusal
    if refusal is None:
        return None
    return {
        "gate": refusal.gate.value,
        "overridable": refusal.overridable,
        **_diagnostic(refusal.diagnostic),
    }


def _field(field: FieldChange, *, mixed: bool) -> dict[str, Any]:
    told = FIELD_REASONS.get(field.reason, "") if mixed else ""
    return {
        "path": show_path(field.path),
        "values": _values(field.before, field.after),
        "note": field.note or told,
        "place": place_data(field.span),
    }


def _values(before: Shown, after: Shown) -> dict[str, Any]:
    """A set as what comes, goes and stays; anything else as two texts, None for what isn't."""
    if isinstance(after, frozenset) and (before is None or isinstance(before, frozenset)):
        old = before or frozenset()
        return {
            "added": sorted(after - old),
            "removed": sorted(old - after),
            "kept": sorted(after & old),
        }
    return {
        "before": None if before is None else value_text(before),
        "after": None if after is None else value_text(after),
    }


def _operation(item: Operation) -> dict[str, Any]:
    return {
        "method": item.method,
        "path": item.path,
        "summary": item.summary,
        "interactive": item.interactive,
    }


def _diagnostic(item: Diagnostic) -> dict[str, Any]:
    return {
        "code": item.code.value,
        "message": item.message,
        "notes": list(item.notes),
        "help": list(item.help),
        "place": place_data(item.span),
        "address": item.address,
    }


def place_data(span: Span | None) -> str:
    """`file:line`, or nothing."""
    return f"{span.file}:{span.line}" if span else ""
