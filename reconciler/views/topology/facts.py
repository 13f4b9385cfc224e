"""What a spec says of a space or a server, as far as exposure goes."""

from collections.abc import Mapping
from typing import Any

from reconciler.resources import DEFAULT_TOOL, Spec
from reconciler.views.topology.model import Facts, ServerFacts, SpaceFacts

DISABLED = "disabled"


def facts_of(kind: str, spec: Spec) -> Facts:
    """The facts of one resource of that kind."""
    return _space(spec) if kind == "Space" else _server(spec)


def texts(value: object) -> frozenset[str] | None:
    """A list or set of texts; None when there is none."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return frozenset(map(str, value))
    return None


def scopes_of(spec: Spec) -> frozenset[str] | None:
    """The OAuth scopes that a server asks for; None when nobody says."""
    auth: Any = spec.get("auth") or {}
    return texts(auth.get("scopes"))


def authority_of(spec: Spec) -> str:
    """Where the scopes of a server mean something: the host that people sign in at."""
    auth: Any = spec.get("auth") or {}
    address = str(auth.get("authorizationEndpoint") or spec.get("url") or "")
    return address.partition("://")[2].partition("/")[0]


def _space(spec: Spec) -> SpaceFacts:
    members, groups = texts(spec.get("members")), texts(spec.get("groups"))
    access = spec.get("access")
    return SpaceFacts(
        access=None if access is None else str(access),
        members=None if members is None else len(members),
        groups=None if groups is None else tuple(sorted(groups)),
    )


def _server(spec: Spec) -> ServerFacts:
    auth: Any = spec.get("auth") or {}
    return ServerFacts(
        auth=auth.get("mode"),
        credentials=auth.get("credentials"),
        tools=_tools(spec),
        placed=texts(spec.get("spaces")) is not None,
        scoped=scopes_of(spec) is not None,
    )


def _tools(spec: Spec) -> dict[str, str | None]:
    tools: Any = spec.get("tools")
    if not isinstance(tools, Mapping):
        return {}
    usual = tools.get(DEFAULT_TOOL) or {}
    found: dict[str, str | None] = {}
    for name in sorted(tools, key=lambda each: (each != DEFAULT_TOOL, each)):
        settings = {**usual, **(tools[name] or {})}
        found[name] = DISABLED if settings.get("enabled") is False else settings.get("stake")
    return found
