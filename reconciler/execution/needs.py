"""Which secrets a change sends."""

from collections.abc import Iterable

from reconciler.resources import Action, Change, Path, SecretRef, secret_refs


def written_secrets(change: Change) -> dict[Path, SecretRef]:
    """The references whose values the change sends, by path.

    A creation sends all. An update sends those of each group (all headers, all of `auth`) in
    which a write-only field changes, because the platform replaces such a group as a whole.
    """
    if change.desired is None or change.action is Action.DELETE:
        return {}
    kind = change.desired.kind
    references = secret_refs(kind, change.desired.spec)
    if change.action in (Action.CREATE, Action.REPLACE):
        return references
    groups = {
        field.path[0]
        for field in change.fields
        if kind.policy(field.path).write_only or field.path == ("auth", "mode")
    }
    if any(operation.interactive for operation in change.operations):
        groups.add("auth")  # a new sign-in is set up with all that it takes
    return {path: ref for path, ref in references.items() if path[0] in groups}


def needed_secrets(changes: Iterable[Change]) -> frozenset[SecretRef]:
    """Every reference that the changes send."""
    return frozenset(ref for change in changes for ref in written_secrets(change).values())
