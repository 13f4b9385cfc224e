"""What a security reviewer looks for in a change: who sees more, may more, or loses something.

Unlike the gates, which ask for an agreement, this tells: of creations too, of what tightens, and
of what a run was allowed to do.
"""

from collections.abc import Callable, Iterator, Mapping

from reconciler.resources import Action, Address, Change, FieldChange, Spec
from reconciler.views.matters import Concern, Effect, Matter, Subject, sides, users_of
from reconciler.views.server_concerns import of_server


def matters_of(change: Change, desired: Mapping[Address, Spec]) -> tuple[Matter, ...]:
    """The security-relevant items of a change; `desired` are the specs of all manifests."""
    check = _BY_KIND.get(change.address.kind)
    found = [*_destruction(change), *(check(Subject(change, desired)) if check else ())]
    return tuple(sorted(found, key=lambda matter: matter.sort_key))


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
        details=(*users_of(change), *change.consequences),
        gate=change.refusal.gate if change.refusal else None,
        span=change.span,
    )


def _of_space(subject: Subject) -> Iterator[Matter]:
    for field in subject.change.fields:
        match field.path:
            case ("access",):
                yield from _access(subject, field)
            case ("members" | "groups" as who,) if not subject.creates:
                added, removed = sides(field)
                if added:
                    message = f"has {'other' if removed else 'more'} {who}"
                    yield subject.matter(Concern.EXPOSURE, Effect.LOOSENS, message, field)
                elif removed:
                    message = f"has fewer {who}"
                    yield subject.matter(Concern.EXPOSURE, Effect.TIGHTENS, message, field)


def _access(subject: Subject, field: FieldChange) -> Iterator[Matter]:
    if field.after == "open":
        message = "is open to the whole workspace"
        yield subject.matter(Concern.EXPOSURE, Effect.LOOSENS, message, field)
    elif not subject.creates:
        message = "is for its members only"
        yield subject.matter(Concern.EXPOSURE, Effect.TIGHTENS, message, field)


_BY_KIND: Mapping[str, Callable[[Subject], Iterator[Matter]]] = {
    "Space": _of_space,
    "MCPServer": of_server,
}
