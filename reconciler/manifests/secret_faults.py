"""The words for a secret in the open, and for a reference that isn't one; neither is repeated."""

from reconciler.diagnostics import Code
from reconciler.manifests.credentials import may_be_secret
from reconciler.manifests.faults import At, Part
from reconciler.manifests.manifest import Manifest
from reconciler.manifests.model_paths import Target
from reconciler.manifests.suggestions import Suggester
from reconciler.manifests.words import choices, clause, field_name, key_name, plain_key, type_name
from reconciler.resources import SCHEMES

_ROTATE = "if it is a secret, rotate it: it may have been committed"
_REFERENCE = 'write a reference such as {env: NAME}, {file: path} or {vault: "mount/path#key"}'
_OTHER_NAMES = {
    "1password": "op",
    "onepassword": "op",
    "secretsmanager": "aws",
    "google": "gcp",
    "keyvault": "azure",
    "hashicorp": "vault",
    "openbao": "vault",
    "bao": "vault",
    "variable": "env",
    "path": "file",
}
"""What people call a kind of reference, without `-` and `_`."""


def bad_reference(manifest: Manifest, target: Target, suggest: Suggester) -> None:
    """Report what stands where a reference belongs."""
    value, name = manifest.get(*target.at), field_name(target.at)
    header = target.at[:2] == ("spec", "headers")
    known = (*SCHEMES, "literal") if header else SCHEMES
    if isinstance(value, dict):
        _bad_mapping(manifest, target.at, known, suggest)
        return
    if isinstance(value, str):
        advice = (_REFERENCE, "or {literal: text} if it is no secret")[: 1 + header]
        literal_secret(manifest, target.at, f"{name} must be a reference, not the value", advice)
        return
    manifest.report(
        target.at,
        Code.WRONG_TYPE,
        f"{name} must be a reference, this is {type_name(value)}",
        help=(_REFERENCE,),
        hidden=True,
    )


def _bad_mapping(manifest: Manifest, at: At, known: tuple[str, ...], suggest: Suggester) -> None:
    value, name = manifest.mapping(*at), field_name(at)
    strange = [key for key in value if key not in known]
    for key in strange:
        # `{abc}` is a mapping with a key and no value: the key may be the secret.
        hidden = not plain_key(key) or value[key] is None
        called = _OTHER_NAMES.get(str(key).lower().replace("-", "").replace("_", ""))
        advice = (f"did you mean `{called}`?",) if called else suggest.did_you_mean(key, known)
        if key == "literal":
            advice = ("a secret can't be written in the manifest", _REFERENCE)
        manifest.report(
            (*at, key),
            Code.UNKNOWN_FIELD,
            f"{'this key' if hidden else key_name(key)} is not a kind of reference",
            part=Part.KEY,
            notes=(f"expected {choices(known)}",),
            help=advice,
            hidden=hidden,
        )
    if not strange:
        manifest.report(
            at,
            Code.INVALID_VALUE,
            f"{name} has {len(value)} references, and must have exactly one"
            if value
            else f"{name} is an empty reference",
            part=Part.KEY,
            help=(_REFERENCE,),
        )


def literal_secret(
    manifest: Manifest,
    at: At,
    message: str,
    advice: tuple[str, ...] = (_REFERENCE,),
    part: Part = Part.VALUE,
) -> None:
    """Report a secret in the open, showing nothing of it."""
    manifest.report(
        at,
        Code.LITERAL_SECRET,
        message,
        part=part,
        label="not shown here",
        help=(*advice, _ROTATE),
        hidden=True,
    )


def not_a_name(manifest: Manifest, target: Target) -> None:
    """Report a reference whose locator breaks the rules of its scheme."""
    value, scheme = manifest.get(*target.at), str(target.at[-1])
    if isinstance(value, str) and may_be_secret(value):
        pasted_in_reference(manifest, target.at)
        return
    manifest.report(
        target.at,
        Code.INVALID_VALUE,
        f"`{scheme}` doesn't hold a valid place of a secret",
        label="not shown here: it may be the secret itself",
        notes=(f"`{scheme}`: {clause(target.expectation)}",) if target.expectation else (),
        hidden=True,
    )


def pasted_as_name(manifest: Manifest, at: At, what: str, part: Part = Part.KEY) -> None:
    """Report a secret that was put where `what` belongs, which is a name."""
    literal_secret(
        manifest, at, f"{what} looks like a secret, not a name", ("write the name here",), part
    )


def pasted_in_reference(manifest: Manifest, at: At) -> None:
    """Report a secret that was put where the name of its place belongs."""
    literal_secret(
        manifest,
        at,
        f"`{at[-1]}` holds what looks like the secret itself",
        (f"`{at[-1]}` takes the place where the secret is kept, not the secret",),
    )
