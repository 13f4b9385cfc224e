"""Plan documents for tests."""

from typing import Any

from reconciler.planning import Basis, Plan, plan_json

BASIS = Basis(
    manifests="m",
    live="l",
    state_lineage="lineage",
    state_serial=1,
    workspace_id="w1",
    workspace_url="https://dust.tt",
    tool_version="1",
)


def document(made: Plan) -> dict[str, Any]:
    """The plan as JSON."""
    return plan_json(made, basis=BASIS, desired={}, mode="apply", allow=frozenset())
