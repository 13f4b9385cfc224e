"""Manifests for live objects: every field that can be read back, comments for the rest. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.manifests.credentials import is_credential
from reconciler.manifests.naming import Names, name_from, variable_from
from reconciler.manifests.yaml_text import Path, document, scalar
from reconciler.resources import API_VERSION, COMPANY, KINDS, Address, LiveResource, Snapshot

_LEFT = "not managed as long as it is left out"


@dataclass(slots=True, kw_only=True)
class Draft:
    """One manifest in the making, with its comments, for one live object."""

    live: LiveResource
    name: str
    spec: dict[str, Any] = field(default_factory=dict)
    comments: dict[Path, list[str]] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)

    @property
    def address(self) -> Address:
        """The address it gives the object."""
        return Address(self.live.kind, self.name)

    @property
    def value(self) -> dict[str, Any]:
        """The manifest as a value."""
        return {
            "apiVersion": API_VERSION,
            "kind": self.live.kind,
            "metadata": {"name": self.name},
            "spec": self.spec,
        }

    def text(self) -> str:
        """The manifest as YAML."""
        return document(self.value, self.comments)

    def say(self, name: str, *lines: str) -> None:
        """Add lines above a field of the spec, or in its place."""
        self.comments.setdefault(("spec", name), []).extend(lines)

    def leave_out(self, name: str, why: str) -> None:
        """Take a field out of the spec, and say why."""
        self.spec.pop(name, None)
        self.comments[("spec", name)] = [f"{name} is {_LEFT}: {why}"]

    def secret(self, names: Names, *words: str) -> dict[str, str]:
        """A reference with a name of its own for a secret that can't be read back."""
        name = names.give(variable_from(*words), joint="_", longest=255)
        self.secrets.append(name)
        return {"env": name}


def drafts(
    snapshot: Snapshot, known: Mapping[tuple[str, str], Address], taken: Iterable[Address]
) -> list[Draft]:
    """A manifest for each live object that isn't in `known`, by kind and title.

    Parameters: `known` are objects that have an address already; `taken` are addresses that are
    in use. Half-made objects have no manifest.
    """
    used = [*taken, *known.values()]
    found: list[Draft] = []
    for kind in KINDS:
        names = Names([a.name for a in used if a.kind == kind] + [COMPANY] * (kind == "Space"))
        objects = snapshot.resources.get(kind, {}).values()
        for live in sorted(objects, key=lambda o: (name_from(o.title, ""), o.title, o.remote_id)):
            if (kind, live.remote_id) not in known and not live.broken:
                # A name gets into references and variables, so no credential may end up in it.
                title = "" if is_credential(live.title) else live.title
                name = names.give(name_from(title, kind.lower()))
                found.append(Draft(live=live, name=name))
    labels = {remote_id: a.name for (kind, remote_id), a in known.items() if kind == "Space"}
    labels |= {d.live.remote_id: d.name for d in found if d.live.kind == "Space"}
    labels |= dict.fromkeys(snapshot.company, COMPANY)
    variables = Names()
    for draft in found:
        draft.comments[()] = [f"{draft.live.remote_id}, as it was when it was exported"]
        if draft.live.kind == "Space":
            draft.spec = dict(draft.live.spec)
        else:
            _server(draft, labels, variables)
    return found


def _server(draft: Draft, labels: Mapping[str, str], variables: Names) -> None:
    live: Any = draft.live.spec
    draft.spec = {name: live[name] for name in ("url", "displayName", "description", "icon")}
    if draft.live.facts.get("viewDescription") is None:
        draft.leave_out("description", "nobody set one, and the server's own words show")
    _spaces(draft, live["spaces"], labels)
    _auth(draft, live["auth"], variables)
    _headers(draft, live["headers"], variables)
    if live["tools"]:
        draft.spec["tools"] = {name: dict(row) for name, row in sorted(live["tools"].items())}
        if "default" in live["tools"]:
            draft.leave_out("tools", "in manifests `default` stands for every tool, not for one")
    else:
        draft.say("tools", "tools: the server offered none")


def _spaces(draft: Draft, listed: Sequence[str], labels: Mapping[str, str]) -> None:
    missing = [remote_id for remote_id in listed if remote_id not in labels]
    if missing:
        draft.leave_out("spaces", f"{', '.join(missing)} has no manifest")
        return
    names = sorted(labels[remote_id] for remote_id in listed)
    draft.spec["spaces"] = names
    if COMPANY in names and len(names) > 1:
        others = ", ".join(name for name in names if name != COMPANY)
        draft.leave_out("spaces", f"it shows in the whole workspace, and again in {others}")


def _auth(draft: Draft, auth: Mapping[str, Any], variables: Names) -> None:
    mode = auth["mode"]
    whose = {"credentials": auth["credentials"]} if "credentials" in auth else {}
    match mode:
        case "none":
            draft.spec["auth"] = {"mode": mode}
        case "bearer":
            token = draft.secret(variables, draft.name, "mcp", "token")
            draft.spec["auth"] = {"mode": mode, "token": token}
            draft.say("auth", "the token can't be read back: put it where this reference points")
        case "automatic":
            draft.spec["auth"] = {"mode": mode, **whose}
            shown = draft.live.facts.get("scope")
            if shown:
                draft.say("auth", f"not managed: its scopes, which the workspace says are {shown}")
        case "static-oauth":
            draft.comments[("spec", "auth")] = [*_static(draft, whose, variables)]
        case _:
            draft.leave_out("auth", f"it signs in by {mode}, which this version doesn't know")
    if mode in ("automatic", "static-oauth") and not auth.get("connected"):
        draft.say("auth", "the workspace has no connection: somebody has to sign in")


def _static(draft: Draft, whose: Mapping[str, str], variables: Names) -> Iterator[str]:
    yield "auth can't be read back: the workspace tells neither the app nor its endpoints."
    yield f"It is {_LEFT}. To manage it, fill it in before you adopt the server:"
    yield "auth:"
    yield "  mode: static-oauth"
    for name, word in (("clientId", "id"), ("clientSecret", "secret")):
        reference = draft.secret(variables, draft.name, "mcp", "client", word)
        yield f"  {name}: {{env: {reference['env']}}}"
    draft.secrets.clear()
    yield "  authorizationEndpoint: (where people sign in)"
    yield "  tokenEndpoint: (where codes become tokens)"
    yield from _scopes(draft)
    for name, value in whose.items():
        yield f"  {name}: {value}"


def _scopes(draft: Draft) -> Iterator[str]:
    shown = draft.live.facts.get("scope")
    if shown:
        listed = ", ".join(scalar(scope) for scope in str(shown).split())
        yield f"  scopes: [{listed}]"


def _headers(draft: Draft, headers: Mapping[str, Any], variables: Names) -> None:
    draft.spec["headers"] = {
        name: draft.secret(variables, draft.name, name) for name in sorted(headers)
    }
    if headers:
        draft.say(
            "headers",
            "values can't be read back: put them where these references point, or write what is "
            "no secret as {literal: …}",
        )
