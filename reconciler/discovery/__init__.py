"""Discovery: what a remote MCP server is and needs, asked of the server itself."""

from reconciler.discovery.findings import Finding, Mode, Tool, Transport, Trial
from reconciler.discovery.probing import probe
from reconciler.discovery.snippet import manifest

__all__ = [
    "Finding",
    "Mode",
    "Tool",
    "Transport",
    "Trial",
    "manifest",
    "probe",
]
