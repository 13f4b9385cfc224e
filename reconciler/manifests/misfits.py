"""The words for a value that doesn't fit its field: one function for each kind of misfit."""

from collections.abc import Mapping
from typing import Any

from reconciler.diagnostics import Code
from reconciler.manifests.faults import At, Part
from reconciler.manifests.manifest import Manifest, is_secret
from reconciler.manifests.misplaced import unknown_field
from reconciler.manifests.model_paths import Target, literals
from reconciler.manifests.secret_faults import bad_reference, not_a_name
from reconciler.manifests.suggestions import Suggester
from reconciler.manifests.urls import UrlProblem, state_url_problem, url_problem
from reconciler.manifests.words import (
    choices,
    clause,
    field_name,
    key_name,
    plain_key,
    quoted,
    type_name,
)
from reconciler.resources import API_VERSION, ICONS, SCHEMES

_URLS = frozenset(("url", "authorizationEndpoint", "tokenEndpoint"))
_WANTED = {
    "string_type": "text",
    "bool_type": "`true` or `false`",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "int_type": "a whole number",
    "float_type": "a number",
}
STATE_URL: At = ("spec", "state", "url")
_MODES = ("none", "bearer", "automatic", "static-oauth")
_YES = frozenset(("yes", "on", "y", "true"))
_NO = frozenset(("no", "off", "n", "false"))


def explain(
    manifest: Manifest, target: Target, kind: str, context: Mapping[str, Any], suggest: Suggester
) -> None:
    """Report one error of pydantic's, by its type (`kind`) and its parameters (`context`)."""
    if kind == "missing":
        _missing(manifest, target)
    elif kind == "extra_forbidden":
        unknown_field(manifest, target.at, suggest)
    elif target.of_key:
        _bad_key(manifest, target)
    elif kind == "reference":
        bad_reference(manifest, target, suggest)
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        _mode(manifest, target, suggest)
    elif kind in _WANTED:
        _wrong_type(manifest, target, _WANTED[kind])
    elif kind == "literal_error":
        _not_a_choice(manifest, target, suggest)
    elif kind == "value_error":
        _rule_of_a_model(manifest, target, context, suggest)
    else:
        _out_of_bounds(manifest, target, suggest)


def _missing(manifest: Manifest, target: Target) -> None:
    name, parents = field_name(target.at), [s for s in target.at[:-1] if isinstance(s, str)]
    within = f"in {key_name(parents[-1])}" if parents else "in the manifest"
    mode = manifest.get(*target.at[:-1], "mode")
    if parents == ["spec", "auth"] and mode in _MODES:
        within = f"in `auth`, which needs it in mode `{mode}`"
    manifest.report(
        target.at,
        Code.MISSING_FIELD,
        f"{name} is missing {within}",
        part=Part.KEY,
        label=f"needs {name}",
        notes=(f"{name}: {clause(target.expectation)}",) if target.expectation else (),
    )


def _wrong_type(manifest: Manifest, target: Target, wanted: str) -> None:
    value = manifest.get(*target.at)
    name, found = field_name(target.at), type_name(value)
    what = f"an item of {name}" if target.at and isinstance(target.at[-1], int) else name
    advice: tuple[str, ...] = ()
    hidden = isinstance(value, dict | list) or wanted in ("a mapping", "a list")
    hidden = hidden or is_secret(manifest, target.at)
    if wanted == "text" and isinstance(value, bool | int | float):
        advice = ("put the value in quotes",)
    elif wanted.startswith("`true`") and isinstance(value, str):
        advice = _boolean(value.lower())
    elif wanted == "a list" and isinstance(value, str):
        advice = ("write it as a list, also when there is one item: `[item]`",)
    manifest.report(
        target.at,
        Code.WRONG_TYPE,
        f"{what} must be {wanted}, this is {found}",
        label=f"expected {wanted}",
        notes=(f"{name}: {clause(target.expectation)}",)
        if target.expectation and target.at
        else (),
        help=advice,
        hidden=hidden,
    )


def _boolean(word: str) -> tuple[str, ...]:
    if word in _YES | _NO:
        return (f"write `{str(word in _YES).lower()}`, without quotes: `yes` and `no` are text",)
    return ()


def _bad_key(manifest: Manifest, target: Target) -> None:
    key = str(target.at[-1])
    space = any(c in ":= " for c in key) and manifest.get(*target.at) is None
    manifest.report(
        target.at,
        Code.INVALID_VALUE,
        f"{key_name(key)} can't be a key of {field_name(target.at[:-1])}",
        part=Part.KEY,
        notes=(f"expected {clause(target.expectation)}",),
        help=("write `key: value`, with a space after the colon",) if space else (),
        hidden=not plain_key(key),
    )


def _mode(manifest: Manifest, target: Target, suggest: Suggester) -> None:
    auth = manifest.mapping(*target.at)
    if "mode" not in auth:
        manifest.report(
            (*target.at, "mode"),
            Code.MISSING_FIELD,
            "`mode` is missing in `auth`",
            part=Part.KEY,
            label="needs `mode`",
            notes=(f"expected {choices(_MODES)}",),
        )
        return
    mode = auth["mode"]
    if mode is None:
        return
    manifest.report(
        (*target.at, "mode"),
        Code.INVALID_VALUE,
        f"{quoted(mode)} is not a mode of `auth`",
        notes=(f"expected {choices(_MODES)}",),
        help=suggest.did_you_mean(mode, _MODES) if isinstance(mode, str) else (),
        hidden=isinstance(mode, dict | list),
    )


def _not_a_choice(manifest: Manifest, target: Target, suggest: Suggester) -> None:
    value, words = manifest.get(*target.at), literals(target.type)
    name, code = field_name(target.at), Code.INVALID_VALUE
    message = f"{quoted(value)} is not allowed for {name}"
    advice = suggest.did_you_mean(value, words) if isinstance(value, str) else ()
    if target.at == ("apiVersion",):
        code = Code.UNKNOWN_API_VERSION
        message = f"{quoted(value)} is not a version of the manifest format"
        advice = (f"write `apiVersion: {API_VERSION}`",)
    elif target.at[-1] == "stake":
        code, message = Code.UNKNOWN_STAKE, f"{quoted(value)} is not a stake"
    manifest.report(
        target.at,
        code,
        message,
        notes=(f"expected {choices(words)}",),
        help=advice,
        hidden=isinstance(value, dict | list),
    )


def _rule_of_a_model(
    manifest: Manifest, target: Target, context: Mapping[str, Any], suggest: Suggester
) -> None:
    if target.at[-1:] == ("icon",):
        icon = str(manifest.get(*target.at))
        manifest.report(
            target.at,
            Code.UNKNOWN_ICON,
            f"{quoted(icon)} is not an icon of the platform",
            notes=("an icon is `Action…Icon`; the schema lists them all",),
            help=suggest.did_you_mean(_as_icon(icon), ICONS, count=3),
        )
        return
    manifest.report(target.at, Code.INVALID_VALUE, str(context.get("error", "")), part=Part.KEY)


def _as_icon(word: str) -> str:
    """`git-branch` as `ActionGitBranchIcon`, so that a bare name finds its icon."""
    stem = word.removeprefix("Action").removesuffix("Icon")
    return f"Action{''.join(p[:1].upper() + p[1:] for p in stem.replace('_', '-').split('-'))}Icon"


def _out_of_bounds(manifest: Manifest, target: Target, suggest: Suggester) -> None:
    value, last = manifest.get(*target.at), target.at[-1]
    if last in _URLS and isinstance(value, str):
        problem = (state_url_problem if target.at == STATE_URL else url_problem)(value)
        bad_url(manifest, target.at, value, problem)
        return
    if last in SCHEMES and is_secret(manifest, target.at):
        not_a_name(manifest, target)
        return
    advice: tuple[str, ...] = ()
    if "ignoreChanges" in target.at and isinstance(value, str) and manifest.definition:
        advice = suggest.did_you_mean(value, ignorable(manifest))
    if isinstance(value, str) and value != value.strip():
        advice = ("remove the white space at the ends",)
    manifest.report(
        target.at,
        Code.INVALID_VALUE,
        f"{quoted(value)} is not allowed for {field_name(target.at)}",
        notes=(f"expected {clause(target.expectation)}",) if target.expectation else (),
        help=advice,
        hidden=is_secret(manifest, target.at),
    )


def ignorable(manifest: Manifest) -> tuple[str, ...]:
    """Paths that `lifecycle.ignoreChanges` of this manifest may name."""
    found = {p[0] for p in manifest.definition.fields} if manifest.definition else set()
    found -= {"url", "auth"}
    if manifest.kind == "MCPServer":
        found |= {"auth.scopes", "auth.credentials"}
        found |= {f"headers.{name}" for name in manifest.mapping("spec", "headers")}
        for tool in manifest.mapping("spec", "tools"):
            found |= {f"tools.{tool}", f"tools.{tool}.stake", f"tools.{tool}.enabled"}
    return tuple(sorted(found))


def bad_url(manifest: Manifest, at: At, url: str, problem: UrlProblem | None) -> None:
    """Report the rule that a URL breaks."""
    if problem is None:
        manifest.report(at, Code.INVALID_URL, f"{field_name(at)} is not a URL", hidden=True)
        return
    manifest.report(
        at,
        Code.LITERAL_SECRET if problem.secret else Code.INVALID_URL,
        f"{field_name(at)} {problem.message}",
        help=problem.help,
        hidden=problem.secret or "@" in url or "?" in url or "#" in url,
    )
