"""Plans of every kind, small enough to read."""

from dataclasses import replace
from typing import Any

from reconciler.planning import Observation, Plan
from reconciler.resources import Address, Guards, Spec
from reconciler.state import Intent
from reconciler.views import PlanView
from tests.parts.values import (
    URL,
    live_server,
    live_space,
    owned,
    plan,
    server,
    snapshot,
    space,
    state,
    tool,
)

TOKEN = {"env": "GITHUB_TOKEN"}
KEY = {"vault": "secret/mcp#key"}
NEW_URL = "https://new.example/mcp"


def view(made: Plan, **more: Any) -> PlanView:
    """The view of a plan."""
    return PlanView(
        workspace="acme (w1)",
        changes=made.changes,
        unchanged=len(made.unchanged),
        moves=made.moves,
        recovered=made.recovered,
        forgotten=made.forgotten,
        ignored=made.ignored,
        not_compared=made.not_compared,
        warnings=tuple(made.warnings),
        **{"desired": _desired(made), **more},
    )


def _desired(made: Plan) -> dict[Address, Spec]:
    return {change.address: change.desired.spec for change in made.changes if change.desired}


def nothing() -> Plan:
    """Everything as declared."""
    spec = {"displayName": "finance"}
    return plan(
        [space("finance")],
        snapshot(live_space("vlt_1", spec)),
        state({"Space/finance": owned("vlt_1", spec)}),
    )


def every_action() -> Plan:
    """A create, an update, a replace, a delete; drift, a rotated secret, a dropped header."""
    github: dict[str, Any] = {
        "url": URL,
        "displayName": "GitHub",
        "description": "Issues and pull requests",
        "spaces": ["finance"],
        "auth": {"mode": "bearer", "token": TOKEN},
        "headers": {"X-Team": {"literal": "platform"}},
        "tools": {"default": {"stake": "high"}, "search": {"stake": "never_ask"}},
    }
    entries = {
        "Space/finance": owned("vlt_1", {"displayName": "Finance", "members": ["ana@x.io"]}),
        "Space/old": owned("vlt_2", {}),
        "MCPServer/github": owned("rms_1", {**github, "description": "Issues", "spaces": []}),
        "MCPServer/moved": owned("rms_2", {"url": URL, "displayName": "Moved"}),
    }
    return plan(
        [
            space("finance", {"displayName": "Finance", "members": ["ana@x.io", "bob@x.io"]}),
            space("open", {"displayName": "Open to all", "access": "open", "members": []}),
            server("github", github),
            server("moved", {"url": NEW_URL, "displayName": "Moved"}),
        ],
        snapshot(
            live_space("vlt_1", {"displayName": "Finance", "members": ["ana@x.io", "eve@x.io"]}),
            live_space("vlt_2", {"displayName": "Old"}, tools=2),
            live_server(
                "rms_1",
                {
                    "displayName": "GitHub",
                    "description": "Issues",
                    "auth": {"mode": "bearer", "token": True},
                    "headers": {"X-Team": True, "X-Stray": True},
                    "tools": {"search": tool("low"), "drop": tool()},
                },
            ),
            live_server("rms_2", {"displayName": "Moved", "spaces": ["vlt_all"]}),
        ),
        state(entries),
        observations={("MCPServer/github", ("auth", "token")): Observation.ROTATED},
        allow=["lower-stake"],
    )


def refusals() -> Plan:
    """What is held back, and why."""
    return plan(
        [
            space("taken", {"displayName": "Taken"}),
            server("waits", {"displayName": "Waits", "spaces": ["taken"]}),
            server("goes-on", {"displayName": "Goes on", "spaces": []}),
        ],
        snapshot(
            live_space("vlt_9", {"displayName": "taken"}),
            live_space("vlt_1", {"displayName": "Safe"}),
            live_space("vlt_2", {"displayName": "Doomed"}),
        ),
        state(
            {
                "Space/safe": owned("vlt_1", {}, protect=True),
                "Space/doomed": owned("vlt_2", {}),
            }
        ),
        guards=Guards(maxDeletes=0),
    )


def notes() -> Plan:
    """Everything that is said beside changes."""
    kept = {"url": URL, "auth": {"mode": "bearer", "token": TOKEN}}
    linear = Address("MCPServer", "linear")
    return plan(
        [
            space("money", {"displayName": "Finance"}, previously=("finance",)),
            server("linear", {"displayName": "Linear", "tools": {"serach": {"stake": "low"}}}),
            server("quiet", {**kept, "description": "ours"}, ignore_changes=("description",)),
        ],
        snapshot(
            live_space("vlt_1", {"displayName": "Finance"}),
            replace(
                live_server("rms_1", {"displayName": "Linear", "tools": {"search": tool()}}),
                created=2000,
            ),
            live_server("rms_2", {"auth": {"mode": "bearer", "token": True}}),
        ),
        state(
            {
                "Space/finance": owned("vlt_1", {"displayName": "Finance"}),
                "Space/vanished": owned("vlt_3", {}),
                "MCPServer/quiet": owned("rms_2", kept, fingerprints={("auth", "token"): "s:1"}),
            },
            Intent(address=linear, operation="create", match={"displayName": "Linear"}, asked=1000),
        ),
    )


PLANS = {
    "nothing": nothing,
    "every-action": every_action,
    "refusals": refusals,
    "notes": notes,
}
