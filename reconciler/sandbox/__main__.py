"""`python -m reconciler.sandbox`: the sandbox without the command line of the tool."""

import argparse
import sys
from pathlib import Path

from reconciler.sandbox import SandboxSettings, serve
from reconciler.sandbox.settings import PROBE_TIMEOUT


def _settings() -> SandboxSettings:
    parser = argparse.ArgumentParser(prog="python -m reconciler.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="default: any free port")
    parser.add_argument("--data", type=Path, help="keep the data in this SQLite file")
    parser.add_argument("--seed", type=Path, help="start a new sandbox from this seed file")
    parser.add_argument(
        "--strict-urls", action="store_true", help="refuse MCP servers on loopback, as Dust does"
    )
    parser.add_argument("--json", action="store_true", help="say where it is in one JSON line")
    parser.add_argument(
        "--probe-timeout",
        type=float,
        default=PROBE_TIMEOUT,
        help="seconds an MCP server has to answer (default: %(default)g)",
    )
    for name, seconds, what in (
        ("--token-seconds", 300, "how long the access token of somebody who signed in counts"),
        ("--login-seconds", 300, "how long a device login waits for approval"),
        ("--login-interval", 5, "seconds between two polls of a device login"),
    ):
        parser.add_argument(name, type=int, default=seconds, help=f"{what} (default: {seconds})")
    options = parser.parse_args()
    return SandboxSettings(
        port=options.port,
        data=options.data,
        seed=options.seed,
        strict_urls=options.strict_urls,
        json_line=options.json,
        probe_timeout=options.probe_timeout,
        token_seconds=options.token_seconds,
        login_seconds=options.login_seconds,
        login_interval=options.login_interval,
    )


if __name__ == "__main__":
    sys.exit(serve(_settings()))
