"""The rules of manifests that models leave to code, in the words of JSON Schema."""

from typing import Any

from reconciler.manifests.credentials import PATTERN
from reconciler.manifests.rules import RESERVED_HEADERS, RESERVED_PREFIX
from reconciler.resources import COMPANY, SCHEMES

_NO_CREDENTIAL = {"not": {"pattern": PATTERN}}
_LISTS = {
    "Metadata": ("previously",),
    "SpaceSpec": ("members", "groups"),
    "SpaceLifecycle": ("ignoreChanges",),
    "MCPServerSpec": ("spaces",),
    "MCPServerLifecycle": ("ignoreChanges",),
    "AutomaticAuth": ("scopes",),
    "StaticOAuth": ("scopes",),
}
_METHOD = "tokenEndpointAuthMethod"
_SECRET_METHODS = ["client_secret_basic", "client_secret_post"]


def add_rules(definitions: dict[str, Any]) -> None:
    """Add them to generated definitions, by the names of their models."""
    for name, lists in _LISTS.items():
        for field in lists if name in definitions else ():
            _property(definitions, name, field)["uniqueItems"] = True
    if "SpaceManifest" in definitions:
        metadata = _property(definitions, "SpaceManifest", "metadata")
        metadata["properties"] = {"name": {"not": {"const": COMPANY}}}
    if "WorkspaceSpec" in definitions:
        places = [{"required": ["region"]}, {"required": ["url"]}]
        definitions["WorkspaceSpec"]["oneOf"] = places
        definitions["WorkspaceCredentials"]["not"] = {"required": ["accessToken", "session"]}
        keepers = [{"required": ["vault"]}, {"required": ["beside"]}]
        definitions["SessionPlace"]["oneOf"] = keepers
        definitions["SessionPlace"]["dependentRequired"] = {"key": ["beside"]}
    if "StateLocation" in definitions:
        definitions["StateLocation"]["not"] = {"required": ["path", "url"]}
        definitions["StateLocation"]["dependentRequired"] = {"credentials": ["url"]}
        keys = [{"required": ["key"]}, {"required": ["previousKey"]}]
        definitions["StateEncryption"]["anyOf"] = keys
        _no_credential_as_text(definitions, "StateCredentials", "username")
    if "PolicyRule" in definitions:
        tests = [{"required": ["cel"]}, {"required": ["schema"]}]
        definitions["PolicyRule"]["oneOf"] = tests
        _property(definitions, "PolicyRule", "kinds")["minItems"] = 1
    if "MCPServerSpec" in definitions:
        _server(definitions)
    for name, field in _references():
        if name in definitions:
            _property(definitions, name, field).update(_NO_CREDENTIAL)


def _server(definitions: dict[str, Any]) -> None:
    spaces = _property(definitions, "MCPServerSpec", "spaces")
    spaces["if"] = {"contains": {"const": COMPANY}}
    spaces["then"] = {"maxItems": 1}
    headers = _property(definitions, "MCPServerSpec", "headers")
    headers["additionalProperties"] = False
    headers["propertyNames"]["not"] = {
        "pattern": _any_case(sorted(RESERVED_HEADERS), RESERVED_PREFIX)
    }
    _no_credential_as_text(definitions, "StaticOAuth", "clientId")
    definitions["StaticOAuth"]["allOf"] = [
        {"if": _method({"const": "none"}), "then": {"properties": {"clientSecret": False}}},
        {"if": _method({"enum": _SECRET_METHODS}), "then": {"required": ["clientSecret"]}},
    ]


def _no_credential_as_text(definitions: dict[str, Any], name: str, field: str) -> None:
    for option in _property(definitions, name, field)["oneOf"]:
        if option.get("type") == "string":
            option.update(_NO_CREDENTIAL)


def _references() -> list[tuple[str, str]]:
    return [("LiteralValue", "literal"), *((f"{s.title()}Reference", s) for s in SCHEMES)]


def _method(rule: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {_METHOD: rule}, "required": [_METHOD]}


def _property(definitions: dict[str, Any], name: str, field: str) -> dict[str, Any]:
    found = definitions[name]["properties"][field]
    assert isinstance(found, dict)
    return found


def _any_case(names: list[str], prefix: str) -> str:
    """A pattern for names in any letter case, which JSON Schema has no flag for."""

    def spell(word: str) -> str:
        return "".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in word)

    return f"^({'|'.join(spell(name) for name in names)})$|^{spell(prefix)}"
