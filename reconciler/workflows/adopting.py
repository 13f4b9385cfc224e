"""Adopt: own what exists and manifests describe, and touch nothing in the workspace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.planning import Adoption, Matching
from reconciler.planning import adopt as decide_adoption
from reconciler.providers import ReadRequest
from reconciler.resources import KINDS, Address, Path, SecretRef, secret_refs
from reconciler.secrets import Secret
from reconciler.state import Entry, State
from reconciler.workflows.context import Context
from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.fingerprinting import writing_fingerprinter
from reconciler.workflows.holding import holding
from reconciler.workflows.planning import Planned, decide, look, read_request


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What was adopted, and the plan from then on; `unseen` are secrets without a fingerprint."""

    adoption: Adoption
    planned: Planned
    unseen: tuple[tuple[Address, Path], ...]


def adopt(context: Context, claims: Sequence[str], *, matching: Matching) -> Adopted:
    """Take ownership in state, all of it or nothing.

    Parameters: `claims` are texts such as `Space/finance=vlt_1`. Raises Stop (with a located
    message for each claim that can't be), ProviderError, StateError.
    """
    wanted = _claims(claims, context)
    with holding(context) as session:
        resources = context.desired.resources
        request = _request(read_request(resources, session.state), wanted)
        snapshot = look(context, context.connection(), request)
        adoption = decide_adoption(
            resources,
            session.state,
            snapshot,
            locator=context.locator,
            claims=wanted,
            matching=matching,
        )
        if adoption.faults.items:
            number = len(adoption.faults.items)
            raise Stop(
                Exit.FAILED,
                f"{number} resource{'s' * (number != 1)} can't be adopted; nothing was written",
                diagnostics=adoption.faults,
            )
        state, unseen = _with_fingerprints(context, adoption)
        session.start_from(state)
        planned = decide(context, snapshot, session.state)
        return Adopted(adoption=adoption, planned=planned, unseen=unseen)


def _claims(texts: Sequence[str], context: Context) -> dict[Address, str]:
    found: dict[Address, str] = {}
    for text in texts:
        name, _, remote_id = text.partition("=")
        try:
            address = Address.parse(name)
        except ValueError:
            address = Address("", "")
        if address.kind not in KINDS or not remote_id:
            raise Stop(
                Exit.USAGE,
                f"`{text}` doesn't say what to adopt: expected ADDRESS=REMOTE-ID",
                help=(f"such as Space/finance=vlt_1; kinds are {', '.join(KINDS)}",),
            )
        if address not in context.desired.resources:
            raise Stop(
                Exit.USAGE,
                f"no manifest describes {address}",
                help=("write its manifest first; `reconciler export` does it for you",),
            )
        if found.setdefault(address, remote_id) != remote_id:
            raise Stop(Exit.USAGE, f"{address} can't be {found[address]} and {remote_id} at once")
    return found


def _request(request: ReadRequest, claims: Mapping[Address, str]) -> ReadRequest:
    """The same, with the claimed objects read in full."""
    claimed: dict[str, frozenset[str]] = {}
    for address, remote_id in claims.items():
        claimed[address.kind] = claimed.get(address.kind, frozenset()) | {remote_id}
    return replace(request, claimed=claimed)


def _with_fingerprints(
    context: Context, adoption: Adoption
) -> tuple[State, tuple[tuple[Address, Path], ...]]:
    """State that will see the secrets of adopted resources rotate, where they are known here.

    Nobody can compare them with what the workspace has: that the manifest refers to the very
    secret in use is what adopting takes on trust.
    """
    state = adoption.state
    places = {
        (address, path): reference
        for address in adoption.adopted
        for path, reference in _applied_secrets(address, state.entries[address]).items()
    }
    found = context.resolver.resolve(set(places.values()))
    if not places:
        return state, ()
    fingerprinter = writing_fingerprinter(context)
    unseen: list[tuple[Address, Path]] = []
    for (address, path), reference in places.items():
        secret = found[reference]
        if not isinstance(secret, Secret):
            unseen.append((address, path))
            continue
        entry = state.entries[address]
        prints = {**entry.fingerprints, path: fingerprinter.of(reference, secret)}
        state = state.put(address, replace(entry, fingerprints=prints))
    return state, tuple(unseen)


def _applied_secrets(address: Address, entry: Entry) -> dict[Path, SecretRef]:
    return secret_refs(KINDS[address.kind], entry.applied)
