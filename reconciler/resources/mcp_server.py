"""The kind `MCPServer`: a remote MCP server, how to sign in to it, and where it shows."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool

from reconciler.resources.envelope import Lifecycle, Metadata
from reconciler.resources.fields import ApiVersion, ServerText, ServerTitle, Stake, WebUrl
from reconciler.resources.icons import IconName
from reconciler.resources.policies import FieldPolicy, KindDefinition
from reconciler.resources.references import ClientId, HeaderValue, SecretReference
from reconciler.resources.space import COMPANY
from reconciler.resources.strict import Strict
from reconciler.resources.values import Address, Json, Spec

DEFAULT_TOOL = "default"
FALLBACK_STAKE = "high"
"""What a tool without settings has on the platform, with `enabled: true`."""
STAKES = ("never_ask", "low", "medium", "high")
"""From the least asking to the most."""

Scope = Annotated[
    str,
    Field(
        pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+$",
        max_length=512,
        description='One scope: visible ASCII characters without white space, `"` and `\\`.',
    ),
]
Scopes = Annotated[
    tuple[Scope, ...] | None,
    Field(default=None, description="OAuth scopes to ask for (RFC 6749, section 3.3)."),
]
Credentials = Annotated[
    Literal["workspace", "personal"] | None,
    Field(
        default=None,
        description="Whose sign-in agents use: one `workspace` connection, or each person's own.",
    ),
]


class NoAuth(Strict):
    """A public server."""

    mode: Literal["none"]


class BearerAuth(Strict):
    """A token that is sent as `Authorization: Bearer`; everyone acts as one account."""

    mode: Literal["bearer"]
    token: Annotated[SecretReference, Field(description="Where the token is kept.")]


class AutomaticAuth(Strict):
    """OAuth, discovered from the server, with a client that registers itself."""

    mode: Literal["automatic"]
    scopes: Scopes = None
    credentials: Credentials = None


class StaticOAuth(Strict):
    """OAuth with an app of your own."""

    mode: Literal["static-oauth"]
    client_id: Annotated[
        ClientId,
        Field(description="The client id of your OAuth app, or where it is kept."),
    ]
    client_secret: Annotated[
        SecretReference | None,
        Field(default=None, description="Where the secret is kept; none for a public client."),
    ] = None
    authorization_endpoint: Annotated[
        WebUrl, Field(description="Where people sign in (RFC 6749, section 3.1).")
    ]
    token_endpoint: Annotated[
        WebUrl, Field(description="Where codes become tokens (RFC 6749, section 3.2).")
    ]
    token_endpoint_auth_method: Annotated[
        Literal["none", "client_secret_basic", "client_secret_post"] | None,
        Field(default=None, description="How the client authenticates (RFC 7591, section 2)."),
    ] = None
    scopes: Scopes = None
    credentials: Credentials = None


Auth = Annotated[
    NoAuth | BearerAuth | AutomaticAuth | StaticOAuth,
    Field(discriminator="mode", description="How the workspace signs in to the server."),
]


class ToolSettings(Strict):
    """Settings of one tool; what is left out comes from `default`, and else is not managed."""

    stake: Annotated[
        Stake | None,
        Field(
            default=None,
            description="How much asking a call needs: `high` always asks, `never_ask` never.",
        ),
    ] = None
    enabled: Annotated[
        StrictBool | None, Field(default=None, description="Whether agents may use the tool.")
    ] = None


HeaderName = Annotated[
    str,
    Field(
        pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
        max_length=256,
        description="A header name: ASCII letters, digits and `-` (RFC 9110, section 5.6.2).",
    ),
]
ToolName = Annotated[
    str, Field(min_length=1, max_length=256, description="A tool's name: 1 to 256 characters.")
]


SpaceName = Annotated[
    str, Field(min_length=1, description="The `metadata.name` of a Space, or `company`.")
]


class MCPServerSpec(Strict):
    """What a server should be. A field that is left out is not managed."""

    url: Annotated[WebUrl, Field(description="The server's endpoint, e.g. its `/mcp`.")]
    display_name: Annotated[
        ServerTitle | None,
        Field(default=None, description="The name people and agents see."),
    ] = None
    description: Annotated[
        ServerText | None,
        Field(default=None, description="What the tool is for."),
    ] = None
    icon: IconName | None = None
    spaces: Annotated[
        tuple[SpaceName, ...] | None,
        Field(
            default=None,
            description="Names of the Spaces that may use the server, or `[company]` for the "
            "whole workspace; `[]` means none.",
        ),
    ] = None
    auth: Auth | None = None
    headers: Annotated[
        dict[HeaderName, HeaderValue] | None,
        Field(
            default=None,
            description="Custom headers of every call, beside any auth mode; `{}` means none.",
        ),
    ] = None
    tools: Annotated[
        dict[ToolName, ToolSettings] | None,
        Field(
            default=None,
            description="Settings per tool name; `default` holds for every tool not named.",
        ),
    ] = None


_IGNORABLE = (
    r"^(displayName|description|icon|spaces|auth\.credentials|auth\.scopes"
    r"|headers(\.[^.\s]+)?|tools(\.[^.\s]+(\.(stake|enabled))?)?)$"
)


Ignorable = Annotated[
    str,
    Field(
        pattern=_IGNORABLE,
        description="The path of a field of `spec`, e.g. `description` or `tools.search.stake`.",
        examples=["description", "tools"],
    ),
]


class MCPServerLifecycle(Lifecycle):
    """How careful the tool is with the server."""

    ignore_changes: Annotated[
        tuple[Ignorable, ...],
        Field(default=(), description="Fields to set once, and then leave to the workspace."),
    ] = ()


class MCPServerManifest(Strict):
    """A remote MCP server in the workspace."""

    api_version: ApiVersion
    kind: Literal["MCPServer"]
    metadata: Metadata
    lifecycle: MCPServerLifecycle = MCPServerLifecycle()
    spec: MCPServerSpec


def _always(_before: Json, _after: Json) -> bool:
    return True


def _sign_in_changes(before: Json, after: Json) -> bool:
    # The platform can set and clear a bearer token in place, but it can't turn a server made
    # without OAuth into one with it, nor the reverse (Dust API: `authorization` is set at create).
    return not {before, after} <= {"none", "bearer"}


def _expand(spec: Spec, live: Spec | None) -> Spec:
    """Spell out what the manifest means by `auth` and `tools`, against what is there."""
    return _expand_tools(_expand_auth(spec, live), live)


def _expand_auth(spec: Spec, live: Spec | None) -> Spec:
    """A server that is signed in to has a connection: one that vanished is drift."""
    auth: Any = spec.get("auth")
    there: Any = (live or {}).get("auth") or {}
    if not auth or auth.get("mode") != there.get("mode") or "connected" not in there:
        return spec
    return {**spec, "auth": {**auth, "connected": True}}


def _expand_tools(spec: Spec, live: Spec | None) -> Spec:
    """Spell out `tools`: one entry with both fields for each tool that the server offers.

    Tools that the server doesn't offer are left out: the platform drops their settings at the
    next sync, so writing them would differ for ever.
    """
    tools: Any = spec.get("tools")
    if not tools or live is None:
        return spec
    offered: Any = live.get("tools") or {}
    base = tools.get(DEFAULT_TOOL, {})
    expanded = {
        name: settings
        for name in offered
        if (settings := {**base, **(tools.get(name, {}) if name != DEFAULT_TOOL else {})})
    }
    return {**spec, "tools": expanded}


def _references(spec: Spec) -> tuple[Address, ...]:
    spaces: Any = spec.get("spaces") or ()
    return tuple(Address("Space", name) for name in spaces if name != COMPANY)


_hidden = FieldPolicy(write_only=True)
_hidden_secret = FieldPolicy(write_only=True, secret=True)

MCP_SERVER = KindDefinition(
    name="MCPServer",
    spec_model=MCPServerSpec,
    manifest_model=MCPServerManifest,
    identity=("url", "displayName"),
    expand=_expand,
    references=_references,
    fields={
        ("url",): FieldPolicy(replaces=_always),
        ("displayName",): FieldPolicy(),
        ("description",): FieldPolicy(),
        ("icon",): FieldPolicy(),
        ("spaces",): FieldPolicy(unordered=True, references="Space"),
        ("auth", "mode"): FieldPolicy(replaces=_sign_in_changes),
        ("auth", "token"): FieldPolicy(write_only=True, secret=True, presence=True),
        ("auth", "clientId"): _hidden_secret,
        ("auth", "clientSecret"): _hidden_secret,
        ("auth", "authorizationEndpoint"): _hidden,
        ("auth", "tokenEndpoint"): _hidden,
        ("auth", "tokenEndpointAuthMethod"): _hidden,
        ("auth", "scopes"): FieldPolicy(write_only=True, unordered=True),
        ("auth", "credentials"): FieldPolicy(),
        ("auth", "connected"): FieldPolicy(),
        ("headers", "*"): FieldPolicy(
            write_only=True, secret=True, presence=True, owned_map=True, casefold=True
        ),
        ("tools", "*", "stake"): FieldPolicy(),
        ("tools", "*", "enabled"): FieldPolicy(),
    },
)


def offers(live: Mapping[str, Any]) -> frozenset[str]:
    """Names of the tools that a live server offers."""
    return frozenset(live.get("tools") or ())
