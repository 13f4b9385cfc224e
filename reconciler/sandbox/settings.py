"""What one run of the sandbox is told from outside."""

from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
PROBE_TIMEOUT = 25.0  # seconds; what Dust gives a remote server to answer


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """Where the sandbox listens, where it keeps its data, how strict it is.

    The host is always loopback: there are no accounts worth the name in front of it.

    Args:
        port: 0 takes any free port.
        data: the SQLite file; None keeps everything in memory.
        seed: a seed file, read when the data is new; None uses the built-in workspace.
        strict_urls: refuse loopback MCP servers too, as Dust itself would.
        json_line: print one machine-readable line instead of a greeting.
        probe_timeout: seconds a remote MCP server has to answer.
        token_seconds: how long the access token of somebody who signed in counts.
        login_seconds: how long a device login waits for approval.
        login_interval: seconds between two polls of a device login.
    """

    port: int = 0
    data: Path | None = None
    seed: Path | None = None
    strict_urls: bool = False
    json_line: bool = False
    probe_timeout: float = PROBE_TIMEOUT
    token_seconds: int = 300
    login_seconds: int = 300
    login_interval: int = 5

    @property
    def host(self) -> str:
        """The address listened on."""
        return LOOPBACK
