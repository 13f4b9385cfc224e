"""What a security reviewer looks for in a change: who sees more, may more, or loses something.

Unlike the gates, which ask for an agreement, this tells: of creations too, of what tightens, and
of what a run was allowed to do.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reconciler.diagnostics import Span
from reconciler.resources import (
    COMPANY,
    DEFAULT_TOOL,
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
    Shown,
    Spec,
)
from reconciler.views.words import users_text


class Concern(StrEnum):
    """What a security-relevant item is about, in the order in which it is shown."""

    EXPOSURE = "exposure"
    SCOPES = "scopes"
    CREDENTIALS = "credentials"
    STAKES = "stakes"
    DESTRUCTION = "destruction"


class Effect(StrEnum):
    """Which way an item goes, the worst first."""

    LOOSENS = "loosens"
    DESTROYS = "destroys"
    CHANGES = "changes"
    TIGHTENS = "tightens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One security-relevant item of a change.

    `message` is a sentence's rest after the address, `details` who and what is hit; `path` is
    empty when no single field tells it, `reason` why it happens; `gate` holds it back, if set.
    """

    concern: Concern
    effect: Effect
    address: Address
    message: str
    action: Action
    reason: Reason
    path: Path = ()
    before: Shown = None
    after: Shown = None
    details: tuple[str, ...] = ()
    gate: Gate | None = None
    span: Span | None = None

    @property
    def sort_key(self) -> tuple[bool, int, int, Address, Path]:
        """What tightens last; then by concern, effect and place."""
        return (
            self.effect is Effect.TIGHTENS,
            list(Concern).index(self.concern),
            list(Effect).index(self.effect),
            self.address,
            self.path,
        )


def matters_of(change: Change, desired: Mapping[Address, Spec]) -> tuple[Matter, ...]:
    """The security-relevant items of a change; `desired` are the specs of all manifests."""
    check = _BY_KIND.get(change.address.kind)
    found = [*_destruction(change), *(check(_Subject(change, desired)) if check else ())]
    return tuple(sorted(found, key=lambda matter: matter.sort_key))


@dataclass(frozen=True, slots=True)
class _Subject:
    """A change, and the manifests around it."""

    change: Change
    desired: Mapping[Address, Spec]

    @property
    def creates(self) -> bool:
        return self.change.action is Action.CREATE

    @property
    def spec(self) -> Any:
        return self.desired.get(self.change.address, {})

    def matter(
        self,
        concern: Concern,
        effect: Effect,
        message: str,
        field: FieldChange,
        details: tuple[str, ...] = (),
    ) -> Matter:
        change = self.change
        return Matter(
            concern=concern,
            effect=effect,
            address=change.address,
            message=message,
            action=change.action,
            reason=field.reason,
            path=field.path,
            before=field.before,
            after=field.after,
            details=details,
            gate=change.refusal.gate if change.refusal else None,
            span=field.span or change.span,
        )


def _destruction(change: Change) -> Iterator[Matter]:
    if change.action not in (Action.DELETE, Action.REPLACE):
        return
    message = "is deleted" if change.action is Action.DELETE else "is deleted and made anew"
    yield Matter(
        concern=Concern.DESTRUCTION,
        effect=Effect.DESTROYS,
        address=change.address,
        message=message,
        action=change.action,
        reason=change.reason,
        details=(*_users(change), *change.consequences),
        gate=change.refusal.gate if change.refusal else None,
        span=change.span,
    )


def _users(change: Change) -> tuple[str, ...]:
    return (users_text(change.users),) if change.users is not None else ()


def _of_space(subject: _Subject) -> Iterator[Matter]:
    for field in subject.change.fields:
        match field.path:
            case ("access",):
                yield from _access(subject, field)
            case ("members" | "groups" as who,) if not subject.creates:
                added, removed = _sides(field)
                if added:
                    message = f"has {'other' if removed else 'more'} {who}"
                    yield subject.matter(Concern.EXPOSURE, Effect.LOOSENS, message, field)
                elif removed:
                    message = f"has fewer {who}"
                    yield subject.matter(Concern.EXPOSURE, Effect.TIGHTENS, message, field)


def _access(subject: _Subject, field: FieldChange) -> Iterator[Matter]:
    if field.after == "open":
        message = "is open to the whole workspace"
        yield subject.matter(Concern.EXPOSURE, Effect.LOOSENS, message, field)
    elif not subject.creates:
        message = "is for its members only"
        yield subject.matter(Concern.EXPOSURE, Effect.TIGHTENS, message, field)


def _of_server(subject: _Subject) -> Iterator[Matter]:
    for field in subject.change.fields:
        match field.path:
            case ("url",):
                yield from _reached(subject, field)
            case ("spaces",):
                yield from _shown(subject, field)
            case ("auth", _) | ("headers", _):
                yield from _of_sign_in(subject, field)
            case ("tools", tool, "stake"):
                yield from _stake(subject, field, tool)
            case ("tools", tool, "enabled"):
                yield from _enabled(subject, field, tool)


def _of_sign_in(subject: _Subject, field: FieldChange) -> Iterator[Matter]:
    match field.path:
        case ("auth", "mode"):
            yield from _mode(subject, field)
        case ("auth", "credentials"):
            yield from _credentials(subject, field)
        case ("auth", "scopes"):
            yield from _scopes(subject, field)
        case ("auth", "authorizationEndpoint" | "tokenEndpoint") if not subject.creates:
            message = "signs in at another address"
            yield subject.matter(Concern.CREDENTIALS, Effect.CHANGES, message, field)
        case ("auth", "connected"):
            message = "has lost its sign-in"
            yield subject.matter(Concern.CREDENTIALS, Effect.CHANGES, message, field)
        case ("auth", "token" | "clientId" | "clientSecret") | ("headers", _):
            yield from _secret(subject, field)


def _reached(subject: _Subject, field: FieldChange) -> Iterator[Matter]:
    if subject.creates:
        message = "is a new server: what agents send goes there"
        yield subject.matter(Concern.EXPOSURE, Effect.CHANGES, message, field)
        return
    message = "is reached at another address: what agents send goes there"
    yield subject.matter(Concern.EXPOSURE, Effect.LOOSENS, message, field)
    if subject.spec.get("headers") or (subject.spec.get("auth") or {}).get("mode") == "bearer":
        message = "sends its credentials to another address"
        yield subject.matter(Concern.CREDENTIALS, Effect.LOOSENS, message, field)


def _shown(subject: _Subject, field: FieldChange) -> Iterator[Matter]:
    added, removed = _sides(field)
    wide = sorted(label for label in added if _is_open(label, subject.desired))
    if wide:
        where = "the whole company" if COMPANY in wide else f"open spaces ({', '.join(wide)})"
        yield subject.matter(
            Concern.EXPOSURE,
            Effect.LOOSENS,
            f"is shown to {where}",
            field,
            _users(subject.change) if subject.change.action is Action.UPDATE else (),
        )
    elif added and not subject.creates:
        message = f"is shown in {'other' if removed else 'more'} spaces"
        yield subject.matter(Concern.EXPOSURE, Effect.LOOSENS, message, field)
    elif removed:
        message = "is shown in fewer spaces"
        yield subject.matter(Concern.EXPOSURE, Effect.TIGHTENS, message, field)


def _is_open(label: str, desired: Mapping[Address, Spec]) -> bool:
    if label == COMPANY:
        return True
    return desired.get(Address("Space", label), {}).get("access") == "open"


def _mode(subject: _Subject, field: FieldChange) -> Iterator[Matter]:
    if field.after == "bearer":
        message = "acts as the one account of its bearer token, whoever uses it"
        yield subject.matter(Concern.CREDENTIALS, Effect.LOOSENS, message, field)
    elif not subject.creates:
        message = "is signed in to in another way"
        yield subject.matter(Concern.CREDENTIALS, Effect.CHANGES, message, field)


def _credentials(subject: _Subject, field: FieldChange) -> Iterator[Matter]:
    if field.after == "workspace":
        message = "is used with one shared sign-in, not as each person"
        yield subject.matter(Concern.CREDENTIALS, Effect.LOOSENS, message, field)
    elif not subject.creates:
        message = "is used with each person's own sign-in"
        yield subject.matter(Concern.CREDENTIALS, Effect.TIGHTENS, message, field)


def _scopes(subject: _Subject, field: FieldChange) -> Iterator[Matter]:
    added, removed = _sides(field)
    if subject.creates:
        if added:
            yield subject.matter(Concern.SCOPES, Effect.CHANGES, "asks for scopes", field)
    elif added:
        message = f"asks for {'other' if removed else 'wider'} scopes"
        yield subject.matter(Concern.SCOPES, Effect.LOOSENS, message, field)
    elif removed:
        yield subject.matter(Concern.SCOPES, Effect.TIGHTENS, "asks for narrower scopes", field)


def _secret(subject: _Subject, field: FieldChange) -> Iterator[Matter]:
    if not isinstance(field.after, Hidden) and not isinstance(field.before, Hidden):
        return  # a literal header, which is no secret
    name = f"header {field.path[1]}" if field.path[0] == "headers" else field.path[1]
    if field.reason is Reason.ROTATED:
        message = f"gets the rotated {name}"
    elif field.after is None:
        message = f"sends no {name} any more"
    elif field.before is None:
        message = f"sends the secret {name}"
    else:
        message = f"gets another {name}"
    yield subject.matter(Concern.CREDENTIALS, Effect.CHANGES, message, field)


def _stake(subject: _Subject, field: FieldChange, tool: str) -> Iterator[Matter]:
    before = _rank(field.before or FALLBACK_STAKE)
    which = "tools" if tool == DEFAULT_TOOL else f"`{tool}`"
    if _rank(field.after) < before:
        message = f"lets agents call {which} with less asking"
        yield subject.matter(Concern.STAKES, Effect.LOOSENS, message, field)
    elif _rank(field.after) > before:
        message = f"makes agents ask more before they call {which}"
        yield subject.matter(Concern.STAKES, Effect.TIGHTENS, message, field)


def _enabled(subject: _Subject, field: FieldChange, tool: str) -> Iterator[Matter]:
    which = "tools" if tool == DEFAULT_TOOL else f"`{tool}`"
    if field.before is False and field.after is True:
        message = f"lets agents call {which} again"
        yield subject.matter(Concern.STAKES, Effect.LOOSENS, message, field)
    elif field.after is False and not subject.creates:
        message = f"lets no agent call {which} any more"
        yield subject.matter(Concern.STAKES, Effect.TIGHTENS, message, field)


def _rank(stake: object) -> int:
    return STAKES.index(str(stake)) if stake in STAKES else len(STAKES)


def _sides(field: FieldChange) -> tuple[frozenset[str], frozenset[str]]:
    """What a set gains, and what it loses."""
    before, after = (v if isinstance(v, frozenset) else frozenset() for v in _ends(field))
    return after - before, before - after


def _ends(field: FieldChange) -> tuple[Shown, Shown]:
    return field.before, field.after


_BY_KIND: Mapping[str, Callable[[_Subject], Iterator[Matter]]] = {
    "Space": _of_space,
    "MCPServer": _of_server,
}
