"""The list of kinds. A new kind is its module and one line here."""

from reconciler.resources.mcp_server import MCP_SERVER
from reconciler.resources.policies import KindDefinition
from reconciler.resources.space import SPACE

KINDS: dict[str, KindDefinition] = {kind.name: kind for kind in (SPACE, MCP_SERVER)}
"""The kinds that are applied, in the order in which they are created."""

WORKSPACE_KIND = "Workspace"
