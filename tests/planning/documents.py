"""Plan documents for tests."""

import json
from typing import Any

from reconciler.planning import Basis, Plan, plan_json
from reconciler.resources import indented

BASIS = Basis(
    manifests="m",
    live={},
    state_lineage="lineage",
    state_serial=1,
    workspace_id="w1",
    workspace_url="https://dust.tt",
    tool_version="1",
    made_at="2026-01-01T00:00:00Z",
    expires_at="2026-01-08T00:00:00Z",
)


def document(made: Plan) -> dict[str, Any]:
    """The plan as JSON."""
    whole = plan_json(made, basis=BASIS, desired={}, mode="apply", allow=frozenset())
    found: dict[str, Any] = json.loads("".join(indented(whole)))
    return found
