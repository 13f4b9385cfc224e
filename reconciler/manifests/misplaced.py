"""A field that isn't one: what it may have been meant to be, or where it belongs."""

from typing import get_args

from pydantic import BaseModel

from reconciler.diagnostics import Code
from reconciler.manifests.faults import At, Part
from reconciler.manifests.manifest import MODELS, Manifest
from reconciler.manifests.model_paths import aliases, field_names, type_at
from reconciler.manifests.suggestions import Suggester
from reconciler.manifests.words import choices, key_name, plain_key
from reconciler.resources import AutomaticAuth, BearerAuth, NoAuth, StaticOAuth

_FEW = 8


def unknown_field(manifest: Manifest, at: At, suggest: Suggester) -> None:
    """Report the key at the end of `at`, which its mapping doesn't know."""
    model, key = MODELS[manifest.kind or ""], str(at[-1])
    known = _fields_at(manifest, model, at[:-1])
    owner = _owner(manifest, at)
    advice = _elsewhere(manifest, model, at) or suggest.did_you_mean(key, known)
    if not plain_key(key) and manifest.get(*at) is None:
        advice = ("write `key: value`, with a space after the colon",)
    hidden = not plain_key(key) or (_in_auth(at) and manifest.get(*at) is None)
    modes = [m for m, auth in _AUTH.items() if key in aliases(auth)] if _in_auth(at) else []
    notes: tuple[str, ...] = ()
    if modes:
        advice = (f"{key_name(key)} belongs to mode {choices(modes)}",)
    elif 0 < len(known) <= _FEW:
        notes = (f"fields here: {choices(known).replace(' or ', ' and ')}",)
    manifest.report(
        at,
        Code.UNKNOWN_FIELD,
        f"{'this key' if hidden else key_name(key)} is not a field of {owner}",
        part=Part.KEY,
        label="not a known field",
        notes=notes,
        help=advice,
        hidden=hidden,
    )


_AUTH: dict[str, type[BaseModel]] = {
    get_args(model.model_fields["mode"].annotation)[0]: model
    for model in (NoAuth, BearerAuth, AutomaticAuth, StaticOAuth)
}


def _in_auth(at: At) -> bool:
    return at[:2] == ("spec", "auth") and len(at) == 3


def _owner(manifest: Manifest, at: At) -> str:
    if _in_auth(at):
        return f"`auth` in mode `{manifest.get('spec', 'auth', 'mode')}`"
    if len(at) == 1 or at[:-1] == ("spec",):
        return str(manifest.kind)
    return key_name(str(at[-2]))


def _fields_at(manifest: Manifest, model: type[BaseModel], at: At) -> tuple[str, ...]:
    if at == ("spec", "auth"):
        return field_names(_AUTH.get(str(manifest.get("spec", "auth", "mode"))))
    return field_names(type_at(model, at))


def _elsewhere(manifest: Manifest, model: type[BaseModel], at: At) -> tuple[str, ...]:
    """Where the manifest has a field of that name: a common slip of indentation."""
    key = str(at[-1])
    for place in ((), ("metadata",), ("lifecycle",), ("spec",), ("spec", "credentials")):
        if place != at[:-1] and key in field_names(type_at(model, place)):
            return (f"{key_name(key)} belongs " + _under(place),)
    if len(at) <= 2 and at[0] != "metadata":
        modes = [mode for mode, auth in _AUTH.items() if key in aliases(auth)]
        if modes and manifest.kind == "MCPServer":
            return (f"{key_name(key)} belongs under `auth`",)
    return ()


def _under(place: tuple[str, ...]) -> str:
    return f"under `{'.'.join(place)}`" if place else "at the top of the manifest"
