"""Rules inside one manifest that its model can't say, or not clearly enough.

They read the raw values, so that they also find what is wrong in a manifest that has other faults.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.diagnostics import Code
from reconciler.manifests.credentials import (
    holds_credential,
    is_credential,
    looks_made_up,
    may_be_secret,
)
from reconciler.manifests.faults import At, Part
from reconciler.manifests.manifest import Manifest
from reconciler.manifests.misfits import STATE_URL, bad_url
from reconciler.manifests.policy_faults import check_rule_names
from reconciler.manifests.portable import path_problem
from reconciler.manifests.secret_faults import literal_secret, pasted_as_name, pasted_in_reference
from reconciler.manifests.urls import state_url_problem, url_problem
from reconciler.manifests.words import field_name, key_name, quoted
from reconciler.resources import COMPANY, SCHEMES

_HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
_OF_THE_CLIENT = frozenset(("host", "content-length", "content-type", "accept", "last-event-id"))
RESERVED_HEADERS = frozenset(("authorization", *_HOP_BY_HOP, *_OF_THE_CLIENT))
RESERVED_PREFIX = "mcp-"
_IGNORED = ("lifecycle", "ignoreChanges")
_DRAWING = frozenset(("aws", "azure", "gcp", "op", "plugin"))
"""Stores that draw ids and versions themselves; elsewhere a locator is somebody's own words."""
_STATE_SECRETS = (
    ("fingerprintKey",),
    ("credentials", "username"),
    ("credentials", "password"),
    ("encryption", "key"),
    ("encryption", "previousKey"),
)


def check_rules(manifest: Manifest) -> None:
    """Report every rule that the manifest breaks by itself."""
    _own_names(manifest)
    match manifest.kind:
        case "MCPServer":
            _server(manifest)
        case "Space":
            _space(manifest)
        case "Workspace":
            _url(manifest, ("spec", "url"))
            _references(manifest, ("spec", "credentials", "accessToken"))
            _session(manifest)
            check_rule_names(manifest)
            _state(manifest)
            _state_path(manifest)
        case _:
            return
    if manifest.suspect:
        _pasted(manifest)


def _own_names(manifest: Manifest) -> None:
    for at, name in (
        (("metadata", "name"), manifest.get("metadata", "name")),
        *manifest.texts("metadata", "previously"),
        *(each for each in manifest.texts(*_IGNORED) if each[1].startswith("headers.")),
    ):
        if isinstance(name, str) and looks_made_up(name):
            pasted_as_name(manifest, at, field_name(at), Part.VALUE)


def _state_path(manifest: Manifest) -> None:
    at = ("spec", "state", "path")
    path = manifest.get(*at)
    problem = path_problem(path) if isinstance(path, str) else None
    if problem:
        what, advice = problem
        manifest.report(at, Code.INVALID_VALUE, what, help=(advice,))


def _state(manifest: Manifest) -> None:
    url = manifest.get(*STATE_URL)
    if isinstance(url, str) and (manifest.fits or not _refused(manifest, STATE_URL)):
        problem = state_url_problem(url)
        if problem is not None:
            bad_url(manifest, STATE_URL, url, problem)
    for at in _STATE_SECRETS:
        _references(manifest, ("spec", "state", *at))
    username: At = ("spec", "state", "credentials", "username")
    given = manifest.get(*username)
    if isinstance(given, str) and is_credential(given):
        literal_secret(manifest, username, "`username` looks like a secret, not a name")


def _session(manifest: Manifest) -> None:
    session: At = ("spec", "credentials", "session")
    given = manifest.mapping(*session)
    if not given:
        return
    _references(manifest, (*session, "key"))
    vault = given.get("vault")
    if isinstance(vault, str) and is_credential(vault):
        pasted_in_reference(manifest, (*session, "vault"))
    keyed = "key" in given or "key" in manifest.mapping("spec", "state", "encryption")
    if given.get("beside") == "state" and not keyed:
        manifest.report(
            session,
            Code.MISSING_FIELD,
            "`key` is missing in `session`: beside the state it is kept encrypted",
            part=Part.KEY,
            label="needs `key`",
            help=(
                "add `key: {env: NAME}`, where a key such as of `openssl rand -base64 32` is",
                "or encrypt the state too: its `encryption.key` counts for both",
            ),
        )


def _server(manifest: Manifest) -> None:
    spec = manifest.mapping("spec")
    _url(manifest, ("spec", "url"))
    _company(manifest)
    _repeats(manifest, ("spec", "spaces"))
    _envelope(manifest)
    if spec.get("auth"):
        _auth(manifest)
    if spec.get("headers"):
        _headers(manifest)


def _space(manifest: Manifest) -> None:
    _envelope(manifest)
    _repeats(manifest, ("spec", "members"), casefold=True)
    _repeats(manifest, ("spec", "groups"))
    if manifest.get("metadata", "name") == COMPANY:
        manifest.report(
            ("metadata", "name"),
            Code.INVALID_VALUE,
            f"no Space may be named `{COMPANY}`",
            notes=(f"in `spaces` of a server, `{COMPANY}` stands for the whole workspace",),
            help=("choose another name; `displayName` may still be anything",),
        )


def _envelope(manifest: Manifest) -> None:
    if "lifecycle" in manifest.value:
        _repeats(manifest, ("lifecycle", "ignoreChanges"))
    previously: At = ("metadata", "previously")
    if manifest.get(*previously):
        _repeats(manifest, previously)


def _repeats(manifest: Manifest, at: At, *, casefold: bool = False) -> None:
    value: Any = manifest.get(*at)
    if not isinstance(value, list) or len(value) < 2:
        return
    first: dict[str, At] = {}
    for path, text in manifest.texts(*at):
        key = text.casefold() if casefold else text
        if key in first:
            manifest.report(
                path,
                Code.INVALID_VALUE,
                f"{quoted(text)} is listed twice in {field_name(at)}",
                label="listed again",
                related=(("first listed at", manifest.place(first[key])),),
                help=("remove one of the two",),
            )
        first.setdefault(key, path)


def _company(manifest: Manifest) -> None:
    spaces = manifest.get("spec", "spaces")
    if isinstance(spaces, list) and COMPANY in spaces and any(s != COMPANY for s in spaces):
        manifest.report(
            ("spec", "spaces", spaces.index(COMPANY)),
            Code.COMPANY_NOT_ALONE,
            f"`{COMPANY}` stands for the whole workspace, so it must be alone in `spaces`",
            notes=("the platform removes a tool from all other spaces when it shares it with all",),
            help=(f"write `[{COMPANY}]`, or leave `{COMPANY}` out",),
        )


def _url(manifest: Manifest, at: At) -> None:
    """What the pattern of `WebUrl` lets through; what it refuses is said by the model's check."""
    url = manifest.get(*at)
    if not isinstance(url, str) or (not manifest.fits and _refused(manifest, at)):
        return
    problem = url_problem(url) if manifest.suspect or ":" in url[8:] else None
    if problem is not None:
        manifest.report(
            at,
            Code.LITERAL_SECRET if problem.secret else Code.INVALID_URL,
            f"{field_name(at)} {problem.message}",
            help=problem.help,
            hidden=problem.secret or "?" in url,
        )


def _refused(manifest: Manifest, at: At) -> bool:
    place = manifest.place(at)
    return any(fault.place == place for fault in manifest.faults)


def _auth(manifest: Manifest) -> None:
    auth = manifest.mapping("spec", "auth")
    _repeats(manifest, ("spec", "auth", "scopes"))
    for name in ("token", "clientId", "clientSecret"):
        if name in auth:
            _references(manifest, ("spec", "auth", name))
    if auth.get("mode") != "static-oauth":
        return
    _url(manifest, ("spec", "auth", "authorizationEndpoint"))
    _url(manifest, ("spec", "auth", "tokenEndpoint"))
    if isinstance(auth.get("clientId"), str) and is_credential(auth["clientId"]):
        literal_secret(
            manifest, ("spec", "auth", "clientId"), "`clientId` looks like a secret, not an id"
        )
    method = auth.get("tokenEndpointAuthMethod")
    at: At = ("spec", "auth", "tokenEndpointAuthMethod")
    if method == "none" and "clientSecret" in auth:
        manifest.report(
            at,
            Code.INVALID_VALUE,
            "`tokenEndpointAuthMethod: none` is for a client without a secret",
            related=(("`clientSecret` is given at", _key(manifest, "clientSecret")),),
            help=(
                "remove `clientSecret`, or choose `client_secret_basic` or `client_secret_post`",
            ),
        )
    elif method in ("client_secret_basic", "client_secret_post") and "clientSecret" not in auth:
        manifest.report(
            at,
            Code.MISSING_FIELD,
            f"`tokenEndpointAuthMethod: {method}` needs a `clientSecret`",
            help=("add `clientSecret`, or choose `none` for a public client",),
        )


def _key(manifest: Manifest, name: str) -> Any:
    return manifest.place(("spec", "auth", name), Part.KEY)


def _headers(manifest: Manifest) -> None:
    headers = manifest.mapping("spec", "headers")
    first: dict[str, str] = {}
    for name, value in headers.items():
        at: At = ("spec", "headers", name)
        folded = name.lower()
        if holds_credential(name) or looks_made_up(name):
            pasted_as_name(manifest, at, "a header's name")
        if folded in RESERVED_HEADERS or folded.startswith(RESERVED_PREFIX):
            _reserved(manifest, at, folded)
        if folded in first:
            manifest.report(
                at,
                Code.DUPLICATE_KEY,
                f"the header {key_name(name)} is given twice",
                part=Part.KEY,
                notes=("letter case doesn't count in header names",),
                related=(("first given at", manifest.place((*at[:-1], first[folded]), Part.KEY)),),
                help=("keep one of the two",),
            )
        first.setdefault(folded, name)
        literal = value.get("literal") if isinstance(value, dict) else None
        if isinstance(literal, str) and is_credential(literal):
            literal_secret(
                manifest, (*at, "literal"), "this header's value looks like a credential"
            )
        _references(manifest, at)


def _reserved(manifest: Manifest, at: At, folded: str) -> None:
    name = key_name(str(at[-1]))
    if folded == "authorization":
        message = f"{name} can't be a custom header"
        advice = "use `auth: {mode: bearer, token: {env: NAME}}`"
    elif folded in _HOP_BY_HOP:
        message = f"{name} belongs to a single connection, so it can't be a custom header"
        advice = "remove it"
    else:
        message = f"{name} is set by the client of the MCP server, so it can't be a custom header"
        advice = "remove it"
    manifest.report(at, Code.INVALID_VALUE, message, part=Part.KEY, help=(advice,))


def _references(manifest: Manifest, at: At) -> None:
    """A secret pasted where the name of its place belongs, in a shape the pattern allows."""
    value = manifest.get(*at)
    if isinstance(value, dict):
        for scheme in SCHEMES:
            text = value.get(scheme)
            looks = is_credential if scheme in _DRAWING else may_be_secret
            if isinstance(text, str) and looks(text):
                pasted_in_reference(manifest, (*at, scheme))


def _pasted(manifest: Manifest) -> None:
    """What can hardly be anything but a credential, anywhere else in the manifest."""
    for at in _keys(manifest.value, ()):
        if holds_credential(str(at[-1])) and not _said(manifest, at):
            pasted_as_name(manifest, at, "a key")
    for at, text in _leaves(manifest.value, ()):
        if holds_credential(text) and not _said(manifest, at):
            literal_secret(
                manifest, at, f"{field_name(at)} has something in it that looks like a credential"
            )


def _said(manifest: Manifest, at: At) -> bool:
    places: Iterable[Any] = (fault.place for fault in manifest.faults)
    return any(getattr(place, "at", None) == at for place in places)


def _keys(value: Any, at: At) -> Iterator[At]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield (*at, key)
            yield from _keys(child, (*at, key))
    elif isinstance(value, list):
        for number, child in enumerate(value):
            yield from _keys(child, (*at, number))


def _leaves(value: Any, at: At) -> Iterator[tuple[At, str]]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from _leaves(child, (*at, key))
    elif isinstance(value, list):
        for number, child in enumerate(value):
            yield from _leaves(child, (*at, number))
