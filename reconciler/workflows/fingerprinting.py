"""Fingerprints of secrets in one run: by the workspace's key where there is one, by scrypt else."""

from collections.abc import Mapping

from reconciler.diagnostics import Code, Diagnostic, Diagnostics
from reconciler.planning import Moved, Observation, SavedPlan, SecretSeen
from reconciler.resources import (
    WORKSPACE_KIND,
    Address,
    Desired,
    Hidden,
    Path,
    Resource,
    SecretRef,
    secret_refs,
)
from reconciler.secrets import MIN_KEY_BYTES, Fingerprinter, Secret, is_keyed
from reconciler.state import State
from reconciler.workflows.context import Context
from reconciler.workflows.failures import Exit, Stop

_PLACE: Path = ("state", "fingerprintKey")


def writing_fingerprinter(context: Context) -> Fingerprinter:
    """What makes fingerprints for the state; raises Stop when the configured key can't be had."""
    reference = key_reference(context.desired)
    if reference is None:
        return Fingerprinter()
    address = Address(WORKSPACE_KIND, context.desired.workspace.name)
    return _keyed(context, context.resolve({reference: (address, _PLACE)})[reference])


def reading_fingerprinter(context: Context) -> Fingerprinter | None:
    """What compares and makes fingerprints in a plan; None when the key isn't available here.

    Raises Stop when the key is there and is none.
    """
    reference = key_reference(context.desired)
    if reference is None:
        return Fingerprinter()
    key = context.resolver.resolve([reference])[reference]
    return _keyed(context, key) if isinstance(key, Secret) else None


def key_reference(desired: Desired) -> SecretRef | None:
    """Where the key is kept, if the workspace has one."""
    state = desired.workspace.spec.state
    model = state and state.fingerprint_key
    return SecretRef.from_json(model.model_dump()) if model else None


def observe_secrets(
    context: Context, resources: Mapping[Address, Resource], state: State
) -> dict[tuple[Address, Path], Observation]:
    """Compare every secret that was written before and can be resolved now with its fingerprint.

    One that can't be resolved here, or whose fingerprint takes a key that isn't here, is left
    out: planning says that it wasn't compared.
    """
    wanted: dict[tuple[Address, Path], tuple[SecretRef, str]] = {}
    for address, resource in resources.items():
        entry = state.entries.get(address)
        if entry is None or not entry.fingerprints:
            continue
        for path, reference in secret_refs(resource.kind, resource.spec).items():
            if path in entry.fingerprints:
                wanted[address, path] = (reference, entry.fingerprints[path])
    if not wanted:
        return {}
    found = context.resolver.resolve({reference for reference, _ in wanted.values()})
    fingerprinter = reading_fingerprinter(context)
    verdicts: dict[tuple[Address, Path], Observation] = {}
    for place, (reference, text) in wanted.items():
        secret = found[reference]
        if isinstance(secret, Secret) and not (fingerprinter is None and is_keyed(text)):
            verdicts[place] = _verdict(fingerprinter or Fingerprinter(), text, reference, secret)
    return verdicts


def secrets_seen(
    context: Context, places: Mapping[tuple[Address, Path], SecretRef]
) -> tuple[SecretSeen, ...]:
    """The secrets that a plan writes, with fingerprints of those that are available here."""
    if not places:
        return ()
    found = context.resolver.resolve(set(places.values()))
    fingerprinter = reading_fingerprinter(context)
    made = []
    for (address, path), reference in sorted(places.items()):
        secret, text = found[reference], None
        if fingerprinter is not None and isinstance(secret, Secret):
            text = fingerprinter.of(reference, secret)
        made.append(SecretSeen(address=address, path=path, source=str(reference), fingerprint=text))
    return tuple(made)


def secrets_moved(
    context: Context, saved: SavedPlan, places: Mapping[tuple[Address, Path], SecretRef]
) -> tuple[Moved, ...]:
    """The secrets to be written, at `places`, that aren't those that the plan saw.

    One that can't be compared (it, or the key, wasn't available then or isn't now) is left out.
    """
    seen = {
        (item.address, item.path): item.fingerprint
        for item in saved.basis.secrets
        if item.fingerprint
    }
    here = {place: reference for place, reference in places.items() if place in seen}
    if not here:
        return ()
    found = context.resolver.resolve(set(here.values()))
    fingerprinter = reading_fingerprinter(context)
    moved = []
    for place, reference in sorted(here.items()):
        secret, text = found[reference], seen[place]
        if not isinstance(secret, Secret) or (fingerprinter is None and is_keyed(text)):
            continue
        same = _verdict(fingerprinter or Fingerprinter(), text, reference, secret)
        if same is Observation.ROTATED:
            hidden = Hidden(str(reference))
            moved.append(
                Moved(
                    address=place[0],
                    path=place[1],
                    saw=hidden,
                    now=hidden,
                    wanted=hidden,
                    what=f"the secret from {reference} isn't the one that was there when the plan "
                    "was made",
                )
            )
    return tuple(moved)


def _verdict(
    fingerprinter: Fingerprinter, text: str, reference: SecretRef, secret: Secret
) -> Observation:
    try:
        same = fingerprinter.matches(text, reference, secret)
    except ValueError:
        same = False  # the fingerprint is unusable: writing the secret again mends it
    return Observation.SAME if same else Observation.ROTATED


def _keyed(context: Context, key: Secret) -> Fingerprinter:
    content = key.reveal().encode("utf-8", "surrogatepass")
    if len(content) >= MIN_KEY_BYTES:
        return Fingerprinter(key=content)
    address = Address(WORKSPACE_KIND, context.desired.workspace.name)
    fault = Diagnostic(
        code=Code.SECRET_MALFORMED,
        message="the key for fingerprints of secrets is too short",
        span=context.span(address, _PLACE),
        notes=(f"expected {MIN_KEY_BYTES} bytes or more",),
        help=("make a random one, such as `openssl rand -base64 32`",),
        address=str(address),
    )
    raise Stop(
        Exit.FAILED,
        "secrets can't be fingerprinted; nothing was written",
        diagnostics=Diagnostics.of([fault]),
    )
