"""The client requirements of both revisions of MCP authorization, by the suite of MCP itself."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.parts.npm_packages import NODE, NPM
from tests.parts.peers import need_npm

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SUITE = NPM / "node_modules" / "@modelcontextprotocol" / "conformance"


def required(revision: str) -> set[str]:
    """The scenarios about authorization that a revision asks of clients."""
    listed = yaml.safe_load((SUITE / "requirements" / f"{revision}.yaml").read_text())
    return {name for name in listed["client"] if name.startswith("auth/")}


def scenario(name: str, results: Path) -> list[dict[str, Any]]:
    """The checks of one scenario's only run."""
    (found,) = results.glob(f"{name}-20??-*/checks.json")
    checks: list[dict[str, Any]] = json.loads(found.read_text())
    return checks


# Some forty clients start at once, and each imports the SDK first.
@pytest.mark.timeout(420)
@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
def test_every_authorization_scenario_passes(revision: str, tmp_path: Path) -> None:
    need_npm("@modelcontextprotocol/conformance")
    baseline = HERE / f"expected-failures-{revision}.yml"
    run = subprocess.run(
        [
            *(str(NODE), str(SUITE / "dist" / "index.js"), "client"),
            *("--command", f"{sys.executable} -m tests.conformance.client"),
            *("--requirements", revision, "--expected-failures", str(baseline)),
            *("--timeout", "180000", "-o", str(tmp_path)),
        ],
        cwd=ROOT,
        # The fixtures listen on all interfaces; here they get the loopback one only.
        env={**os.environ, "NODE_OPTIONS": f"-r {NPM / 'loopback.cjs'}", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-6000:]
    wanted = required(revision)
    assert len(wanted) >= 14, "the requirements were read"
    for name in wanted:
        checks = scenario(name, tmp_path)
        assert any(check["status"] == "SUCCESS" for check in checks), name
        assert [each["id"] for each in checks if each["status"] == "FAILURE"] == [], name


def test_no_authorization_scenario_that_a_revision_requires_is_excused() -> None:
    need_npm("@modelcontextprotocol/conformance")
    for revision in ("2025-11-25", "2026-07-28"):
        excused = yaml.safe_load((HERE / f"expected-failures-{revision}.yml").read_text())["client"]
        assert not {name.partition(":")[0] for name in excused} & required(revision)
