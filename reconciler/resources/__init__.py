"""The vocabulary: addresses, specs, kinds as data, desired and live, changes and operations."""

from reconciler.resources.changes import (
    Action,
    Change,
    FieldChange,
    Hidden,
    Operation,
    Reason,
    Refusal,
    Shown,
    Users,
)
from reconciler.resources.fields import API_VERSION, STATE_SCHEMES, is_resource_name
from reconciler.resources.gates import Gate, Transition
from reconciler.resources.icons import ICONS
from reconciler.resources.json_text import (
    Each,
    digest_of,
    indented,
    lined,
    place_text,
    read_json,
)
from reconciler.resources.kinds import KINDS, WORKSPACE_KIND
from reconciler.resources.mcp_server import (
    DEFAULT_TOOL,
    FALLBACK_STAKE,
    MCP_SERVER,
    STAKES,
    AutomaticAuth,
    BearerAuth,
    MCPServerManifest,
    MCPServerSpec,
    NoAuth,
    StaticOAuth,
    ToolSettings,
)
from reconciler.resources.policies import FieldPolicy, KindDefinition
from reconciler.resources.references import (
    SCHEMES,
    LiteralValue,
    SecretRef,
    SecretReference,
)
from reconciler.resources.resource import (
    Desired,
    Directory,
    LiveResource,
    Locator,
    Resource,
    Snapshot,
    Workspace,
    secret_refs,
)
from reconciler.resources.rules import PolicyRule
from reconciler.resources.space import COMPANY, SPACE, SpaceManifest, SpaceSpec
from reconciler.resources.values import Address, Json, Path, Spec, show_path, without
from reconciler.resources.variables import ALLOW_ENV, Variables, in_pipeline
from reconciler.resources.workspace import Guards, WorkspaceManifest, WorkspaceSpec

__all__ = [
    "ALLOW_ENV",
    "API_VERSION",
    "COMPANY",
    "DEFAULT_TOOL",
    "FALLBACK_STAKE",
    "ICONS",
    "KINDS",
    "MCP_SERVER",
    "SCHEMES",
    "SPACE",
    "STAKES",
    "STATE_SCHEMES",
    "WORKSPACE_KIND",
    "Action",
    "Address",
    "AutomaticAuth",
    "BearerAuth",
    "Change",
    "Desired",
    "Directory",
    "Each",
    "FieldChange",
    "FieldPolicy",
    "Gate",
    "Guards",
    "Hidden",
    "Json",
    "KindDefinition",
    "LiteralValue",
    "LiveResource",
    "Locator",
    "MCPServerManifest",
    "MCPServerSpec",
    "NoAuth",
    "Operation",
    "Path",
    "PolicyRule",
    "Reason",
    "Refusal",
    "Resource",
    "SecretRef",
    "SecretReference",
    "Shown",
    "Snapshot",
    "SpaceManifest",
    "SpaceSpec",
    "Spec",
    "StaticOAuth",
    "ToolSettings",
    "Transition",
    "Users",
    "Variables",
    "Workspace",
    "WorkspaceManifest",
    "WorkspaceSpec",
    "digest_of",
    "in_pipeline",
    "indented",
    "is_resource_name",
    "lined",
    "place_text",
    "read_json",
    "secret_refs",
    "show_path",
    "without",
]
