"""What is security-relevant in a change of an MCP server, field by field."""

from collections.abc import Iterator, Mapping

from reconciler.resources import (
    COMPANY,
    DEFAULT_TOOL,
    FALLBACK_STAKE,
    STAKES,
    Action,
    Address,
    FieldChange,
    Hidden,
    Reason,
    Spec,
)
from reconciler.views.matters import Concern, Effect, Matter, Subject, sides, users_of


def of_server(subject: Subject) -> Iterator[Matter]:
    """The items of a server's change."""
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


def _of_sign_in(subject: Subject, field: FieldChange) -> Iterator[Matter]:
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


def _reached(subject: Subject, field: FieldChange) -> Iterator[Matter]:
    if subject.creates:
        message = "is a new server: what agents send goes there"
        yield subject.matter(Concern.EXPOSURE, Effect.CHANGES, message, field)
        return
    message = "is reached at another address: what agents send goes there"
    yield subject.matter(Concern.EXPOSURE, Effect.LOOSENS, message, field)
    if subject.spec.get("headers") or (subject.spec.get("auth") or {}).get("mode") == "bearer":
        message = "sends its credentials to another address"
        yield subject.matter(Concern.CREDENTIALS, Effect.LOOSENS, message, field)


def _shown(subject: Subject, field: FieldChange) -> Iterator[Matter]:
    added, removed = sides(field)
    if COMPANY in removed:
        message = "is shown to some spaces, and no longer to the whole company"
        yield subject.matter(Concern.EXPOSURE, Effect.TIGHTENS, message, field)
        return
    wide = sorted(label for label in added if _is_open(label, subject.desired))
    if wide:
        where = "the whole company" if COMPANY in wide else f"open spaces ({', '.join(wide)})"
        yield subject.matter(
            Concern.EXPOSURE,
            Effect.LOOSENS,
            f"is shown to {where}",
            field,
            users_of(subject.change) if subject.change.action is Action.UPDATE else (),
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


def _mode(subject: Subject, field: FieldChange) -> Iterator[Matter]:
    if field.after == "bearer":
        message = "acts as the one account of its bearer token, whoever uses it"
        yield subject.matter(Concern.CREDENTIALS, Effect.LOOSENS, message, field)
    elif not subject.creates:
        message = "is signed in to in another way"
        yield subject.matter(Concern.CREDENTIALS, Effect.CHANGES, message, field)


def _credentials(subject: Subject, field: FieldChange) -> Iterator[Matter]:
    if field.after == "workspace":
        message = "is used with one shared sign-in, not as each person"
        yield subject.matter(Concern.CREDENTIALS, Effect.LOOSENS, message, field)
    elif not subject.creates:
        message = "is used with each person's own sign-in"
        yield subject.matter(Concern.CREDENTIALS, Effect.TIGHTENS, message, field)


def _scopes(subject: Subject, field: FieldChange) -> Iterator[Matter]:
    added, removed = sides(field)
    if subject.creates:
        if added:
            yield subject.matter(Concern.SCOPES, Effect.CHANGES, "asks for scopes", field)
    elif added:
        message = f"asks for {'other' if removed else 'wider'} scopes"
        yield subject.matter(Concern.SCOPES, Effect.LOOSENS, message, field)
    elif removed:
        yield subject.matter(Concern.SCOPES, Effect.TIGHTENS, "asks for narrower scopes", field)


def _secret(subject: Subject, field: FieldChange) -> Iterator[Matter]:
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


def _stake(subject: Subject, field: FieldChange, tool: str) -> Iterator[Matter]:
    before = _rank(field.before or FALLBACK_STAKE)
    which = "tools" if tool == DEFAULT_TOOL else f"`{tool}`"
    if _rank(field.after) < before:
        message = f"lets agents call {which} with less asking"
        yield subject.matter(Concern.STAKES, Effect.LOOSENS, message, field)
    elif _rank(field.after) > before:
        message = f"makes agents ask more before they call {which}"
        yield subject.matter(Concern.STAKES, Effect.TIGHTENS, message, field)


def _enabled(subject: Subject, field: FieldChange, tool: str) -> Iterator[Matter]:
    which = "tools" if tool == DEFAULT_TOOL else f"`{tool}`"
    if field.before is False and field.after is True:
        message = f"lets agents call {which} again"
        yield subject.matter(Concern.STAKES, Effect.LOOSENS, message, field)
    elif field.after is False and not subject.creates:
        message = f"lets no agent call {which} any more"
        yield subject.matter(Concern.STAKES, Effect.TIGHTENS, message, field)


def _rank(stake: object) -> int:
    return STAKES.index(str(stake)) if stake in STAKES else len(STAKES)
