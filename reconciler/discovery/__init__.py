"""Discovery: what a remote MCP server is and needs, asked of the server itself."""

from reconciler.discovery.findings import (
    Auth,
    Check,
    Finding,
    Level,
    Mode,
    Tool,
    Verdict,
)
from reconciler.discovery.guard import Policy
from reconciler.discovery.probing import probe
from reconciler.discovery.snippet import manifest

__all__ = [
    "Auth",
    "Check",
    "Finding",
    "Level",
    "Mode",
    "Policy",
    "Tool",
    "Verdict",
    "manifest",
    "probe",
]
