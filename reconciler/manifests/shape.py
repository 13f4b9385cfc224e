"""Checks one document against the model of its kind, and says in our words what doesn't fit."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from reconciler.diagnostics import Code
from reconciler.manifests.faults import At, Part
from reconciler.manifests.manifest import MODELS, Manifest, is_secret
from reconciler.manifests.misfits import explain
from reconciler.manifests.model_paths import Target, aliases, follow, type_at
from reconciler.manifests.suggestions import Suggester
from reconciler.manifests.words import choices, field_name, plain_key, quoted, type_name
from reconciler.resources import API_VERSION, WorkspaceManifest


def check_shape(manifest: Manifest, suggest: Suggester) -> None:
    """Report every way in which the document doesn't fit its kind; `fits` when there is none.

    The values are the spec: models check and coerce nothing, so only the workspace's is kept.
    """
    value = manifest.value
    if not isinstance(value, dict):
        manifest.report(
            (),
            Code.NOT_A_MANIFEST,
            f"a manifest is a mapping, this is {type_name(value)}",
            hidden=True,
            help=(f"start with `apiVersion: {API_VERSION}` and `kind:`",),
        )
        return
    kind = manifest.kind
    if kind is None:
        _no_kind(manifest, suggest)
        return
    misfits = _misfits(manifest, MODELS[kind])
    unknown = {target.at for target, type_, _context in misfits if type_ == "extra_forbidden"}
    nulls = _nulls(value, ()) if manifest.nulls else ()
    empty = {at: None for at in nulls if at not in unknown}
    for at in empty:
        _report_null(manifest, MODELS[kind], at)
    for target, type_, context in misfits:
        if not any(target.at[:length] in empty for length in range(len(target.at) + 1)):
            explain(manifest, target, type_, context, suggest)


def _misfits(
    manifest: Manifest, kind: type[BaseModel]
) -> list[tuple[Target, str, Mapping[str, Any]]]:
    """Where the document doesn't fit its model, with pydantic's name for how and its parameters."""
    try:
        model = kind.model_validate(manifest.value)
    except ValidationError as error:
        # pydantic's own words and URLs stay here; `input` is left out, as it may be a secret.
        errors = error.errors(include_url=False, include_input=False)
        return [(follow(kind, item["loc"]), item["type"], item.get("ctx", {})) for item in errors]
    manifest.fits = True
    if isinstance(model, WorkspaceManifest):
        manifest.workspace = model
    return []


def _no_kind(manifest: Manifest, suggest: Suggester) -> None:
    value, kinds = manifest.value, choices(MODELS)
    if "apiVersion" not in value and "kind" not in value:
        manifest.report(
            (),
            Code.NOT_A_MANIFEST,
            "not a manifest: `apiVersion` and `kind` are missing",
            hidden=True,
            help=(f"start with `apiVersion: {API_VERSION}` and `kind:`, one of {kinds}",),
        )
        return
    check_api_version(manifest)
    kind = value.get("kind")
    if "kind" not in value:
        manifest.report(
            ("kind",),
            Code.MISSING_FIELD,
            "`kind` is missing in the manifest",
            part=Part.KEY,
            help=(f"add `kind:`, one of {kinds}",),
        )
    elif isinstance(kind, str):
        manifest.report(
            ("kind",),
            Code.UNKNOWN_KIND,
            f"{quoted(kind)} is not a kind",
            label="not a known kind",
            notes=(f"expected {kinds}",),
            help=suggest.did_you_mean(kind, MODELS),
        )
    else:
        manifest.report(
            ("kind",),
            Code.UNKNOWN_KIND,
            f"a kind is text, this is {type_name(kind)}",
            hidden=isinstance(kind, dict | list),
            notes=(f"expected {kinds}",),
        )


def check_api_version(manifest: Manifest) -> None:
    """Report an `apiVersion` that is missing, or is another one."""
    version = manifest.value.get("apiVersion")
    if "apiVersion" not in manifest.value:
        manifest.report(
            ("apiVersion",),
            Code.MISSING_FIELD,
            "`apiVersion` is missing in the manifest",
            part=Part.KEY,
            help=(f"add `apiVersion: {API_VERSION}`",),
        )
    elif version != API_VERSION:
        manifest.report(
            ("apiVersion",),
            Code.UNKNOWN_API_VERSION,
            f"{quoted(version)} is not a version of the manifest format",
            hidden=isinstance(version, dict | list),
            help=(f"write `apiVersion: {API_VERSION}`",),
        )


def _nulls(value: Any, at: At) -> Iterator[At]:
    if value is None:
        yield at
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from _nulls(child, (*at, key))
    elif isinstance(value, list):
        for number, child in enumerate(value):
            yield from _nulls(child, (*at, number))


def _report_null(manifest: Manifest, model: type[BaseModel], at: At) -> None:
    last = at[-1]
    # `{abc}` is a mapping with a key and no value: where secrets belong, the key may be one.
    hidden = isinstance(last, str) and (not plain_key(last) or is_secret(manifest, at))
    if isinstance(last, int):
        message = f"an item of {field_name(at)} has nothing in it"
        advice = "remove the item, or give it a value"
    else:
        message = f"{'this key' if hidden else field_name(at)} has nothing after it"
        advice = _instead(model, at)
    manifest.report(
        at,
        Code.EMPTY_VALUE,
        message,
        part=Part.VALUE if isinstance(last, int) else Part.KEY,
        hidden=hidden,
        notes=("an empty value could mean none, or not managed",),
        help=(advice,),
    )


def _instead(model: type[BaseModel], at: At) -> str:
    kind, parent = type_at(model, at), type_at(model, at[:-1])
    shape = getattr(getattr(kind, "__origin__", kind), "__name__", "")
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        value = "indent its fields below it, or write `{}`"
    else:
        value = {"tuple": "write `[]` for none", "dict": "write `{}` for none"}.get(
            shape, "give it a value"
        )
    field = None
    if isinstance(parent, type) and issubclass(parent, BaseModel):
        field = aliases(parent).get(str(at[-1]))
    if field is not None and field.is_required():
        return value
    return f"remove the line to leave the field alone, or {value}"
