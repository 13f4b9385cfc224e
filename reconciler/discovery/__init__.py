"""Discovery: what a remote MCP server is and needs, asked of the server itself."""

from reconciler.discovery.connecting import tools_of
from reconciler.discovery.findings import Finding, Mode, Tool, Transport, Trial
from reconciler.discovery.probing import probe
from reconciler.discovery.snippet import manifest
from reconciler.discovery.wire import Seen, watched

__all__ = [
    "Finding",
    "Mode",
    "Seen",
    "Tool",
    "Transport",
    "Trial",
    "manifest",
    "probe",
    "tools_of",
    "watched",
]
