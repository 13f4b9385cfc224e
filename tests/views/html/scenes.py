"""Reviews to look at: a lifelike one, a hostile one, a large one, and those without changes."""

from dataclasses import replace
from typing import Any

from reconciler.diagnostics import Code, Diagnostic, Severity, Span
from reconciler.planning import Observation, Plan
from reconciler.resources import Action, Change, Guards, LiveResource, Resource, Users
from reconciler.state import Entry
from reconciler.views import Failure, Review, review_of, review_of_failure
from reconciler.views.plan_view import PlanView
from tests.parts.values import (
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
from tests.views.topology.scenes import HOSTILE, hostile_resources, specs

ENDPOINTS = {
    "authorizationEndpoint": "https://github.example/login/oauth/authorize",
    "tokenEndpoint": "https://github.example/login/oauth/access_token",
}


def view_of(made: Plan, resources: list[Resource], **more: Any) -> PlanView:
    """The view of a plan, with all that a report tells."""
    view = PlanView(
        workspace="acme (0ec9852c2f at https://eu.dust.tt)",
        changes=made.changes,
        unchanged=len(made.unchanged),
        moves=made.moves,
        recovered=made.recovered,
        forgotten=made.forgotten,
        as_declared=frozenset(made.unchanged),
        ignored=made.ignored,
        not_compared=made.not_compared,
        warnings=tuple(made.warnings),
        desired=specs(resources),
        digest="sha256:" + "3f9a" * 16,
        made_at="2026-11-25T23:00:00Z",
        expires_at="2099-12-02T23:00:00Z",
    )
    return replace(view, **more)


def _oauth(*scopes: str, **more: Any) -> dict[str, Any]:
    secret = {"clientSecret": {"vault": "secret/mcp/github#client_secret"}}
    return {
        "mode": "static-oauth",
        "clientId": "app",
        **secret,
        **ENDPOINTS,
        "scopes": [*scopes],
        **more,
    }


def _still(number: int) -> tuple[Resource, LiveResource, Entry]:
    """A server that is as declared."""
    title = f"Data source {number:02}"
    spec: dict[str, Any] = {
        "displayName": title,
        "url": f"https://data{number}.example/mcp",
        "spaces": ["research"],
        "auth": {"mode": "none"},
        "tools": {"default": {"stake": "high"}},
    }
    live = live_server(f"rms_s{number}", {**spec, "spaces": ["vlt_r"], "tools": {"ask": tool()}})
    return server(f"data-{number:02}", spec), live, owned(live.remote_id, spec)


def lifelike() -> Review:
    """What a security reviewer may meet on a busy day."""
    still = [_still(number) for number in range(18)]
    github = {
        "displayName": "GitHub",
        "url": "https://api.githubcopilot.example/mcp",
        "description": "Issues, pull requests and code search",
        "spaces": ["engineering", "all-hands"],
        "auth": _oauth("repo", "read:org", "workflow", credentials="workspace"),
        "tools": {
            "default": {"stake": "high"},
            "search_issues": {"stake": "never_ask"},
            "merge_pull_request": {"stake": "low"},
            "delete_repository": {"enabled": False},
        },
    }
    github_had = {
        **github,
        "description": "Issues and pull requests",
        "spaces": ["engineering"],
        "auth": _oauth("repo", "read:user", credentials="personal"),
    }
    pay = {
        "displayName": "Payments",
        "url": "https://payments.example/mcp",
        "spaces": ["finance"],
        "auth": {"mode": "bearer", "token": {"vault": "secret/mcp/payments#token"}},
        "headers": {"X-Team": {"literal": "finance"}},
    }
    crm = {
        "displayName": "CRM",
        "url": "https://crm.example/mcp",
        "spaces": ["sales"],
        "auth": {
            "mode": "automatic",
            "scopes": ["contacts.read", "deals.write"],
            "credentials": "personal",
        },
        "tools": {"default": {"stake": "medium"}},
    }
    wiki = {"displayName": "Wiki", "url": "https://wiki.example/mcp", "spaces": ["company"]}
    resources = [
        space(
            "finance",
            {
                "displayName": "Finance",
                "access": "restricted",
                "members": ["ana@acme.example", "ben@acme.example"],
                "groups": ["Finance team"],
            },
        ),
        space(
            "engineering",
            {"displayName": "Engineering", "access": "restricted", "groups": ["Engineers"]},
        ),
        space("all-hands", {"displayName": "All hands", "access": "open"}),
        space(
            "sales",
            {"displayName": "Sales", "access": "restricted", "members": ["cem@acme.example"]},
        ),
        space(
            "research", {"displayName": "Research", "access": "restricted", "groups": ["Research"]}
        ),
        server("github", github),
        server("payments", pay),
        server("crm", crm),
        server("wiki", wiki),
        *(each[0] for each in still),
    ]
    live = snapshot(
        live_space(
            "vlt_f",
            {
                "displayName": "Finance",
                "members": ["ana@acme.example", "ben@acme.example", "eve@contractor.example"],
                "groups": ["Finance team"],
            },
        ),
        live_space("vlt_e", {"displayName": "Engineering", "groups": ["Engineers"]}),
        live_space("vlt_a", {"displayName": "All hands", "access": "restricted"}),
        live_space("vlt_r", {"displayName": "Research", "groups": ["Research"]}),
        live_space("vlt_l", {"displayName": "Legacy", "members": ["ana@acme.example"]}, tools=1),
        live_space("vlt_p", {"displayName": "Legal"}),
        live_server(
            "rms_g",
            {
                **github_had,
                "spaces": ["vlt_e"],
                "headers": {},
                "auth": {"mode": "static-oauth", "credentials": "personal", "connected": True},
                "tools": {
                    "search_issues": tool("low"),
                    "merge_pull_request": tool(),
                    "delete_repository": tool(),
                    "list_repos": tool(),
                },
            },
        ),
        live_server(
            "rms_p",
            {
                **pay,
                "spaces": ["vlt_f"],
                "auth": {"mode": "bearer", "token": True},
                "headers": {"X-Team": True, "X-Debug": True},
            },
        ),
        live_server("rms_w", {**wiki, "spaces": ["vlt_e"]}),
        live_server(
            "rms_o",
            {
                "displayName": "Old search",
                "url": "https://old.example/mcp",
                "spaces": ["vlt_l"],
                "tools": {"search": tool("never_ask")},
            },
        ),
        *(each[1] for each in still),
    )
    owns = {
        "Space/finance": owned("vlt_f", resources[0].spec),
        "Space/engineering": owned("vlt_e", resources[1].spec),
        "Space/all-hands": owned("vlt_a", {"displayName": "All hands", "access": "restricted"}),
        "Space/research": owned("vlt_r", resources[4].spec),
        "Space/legacy": owned("vlt_l", {"displayName": "Legacy"}),
        "Space/legal": owned("vlt_p", {"displayName": "Legal"}, protect=True),
        "MCPServer/github": owned("rms_g", github_had),
        "MCPServer/payments": owned("rms_p", pay),
        "MCPServer/wiki": owned("rms_w", {**wiki, "spaces": ["engineering"]}),
        "MCPServer/old-search": owned("rms_o", {"displayName": "Old search"}),
        **{str(each[0].address): each[2] for each in still},
    }
    made = plan(
        resources,
        live,
        state(owns),
        observations={("MCPServer/payments", ("auth", "token")): Observation.ROTATED},
        allow=["open-space", "wider-scopes", "lower-stake", "shared-credentials"],
        guards=Guards(maxDeletes=5, maxDeleteFraction=1.0),
    )
    used = Users(agents=("Support triage", "Release notes"), skills=("Find an issue",))
    changes = [_used(change, used) for change in made.changes]
    warning = Diagnostic(
        code=Code.UNKNOWN_TOOL,
        message="the server offers no tool `serach`",
        span=Span(file="manifests/crm.yaml", line=14, column=5, end_line=14, end_column=11),
        notes=("its settings are written as soon as the server offers it",),
        severity=Severity.WARNING,
        address="MCPServer/crm",
    )
    return review_of(
        view_of(
            made,
            resources,
            changes=changes,
            warnings=(warning, *made.warnings),
            allow=frozenset({"open-space", "wider-scopes"}),
        )
    )


def _used(change: Change, users: Users) -> Change:
    return replace(change, users=users) if change.action is Action.DELETE else change


def hostile() -> Review:
    """Names that mean something to HTML, scripts and JSON, everywhere a name can be."""
    resources = hostile_resources()
    made = plan(resources, snapshot())
    return review_of(view_of(made, resources, workspace=" ".join(HOSTILE), digest=HOSTILE[2]))


def large(number: int) -> Review:
    """So many changes: servers as in `lifelike`, over and over, in twenty spaces."""
    spaces = [space(f"s{n:02}", {"displayName": f"Space {n:02}"}) for n in range(20)]
    one = {
        "displayName": "Server",
        "spaces": ["s00"],
        "auth": {"mode": "none"},
        "tools": {"default": {"stake": "high"}},
    }
    made = plan([*spaces, server("m", one)], snapshot())
    *first, model = made.changes
    copies = [_copy(model, n) for n in range(number - len(first))]
    resources = [*spaces, *(copy.desired for copy in copies if copy.desired)]
    return review_of(view_of(made, resources, changes=[*first, *copies]))


def _copy(change: Change, number: int) -> Change:
    """The change as one of another server, in one of the spaces."""
    title, label = f"Server {number:04}", f"s{number % 20:02}"
    made = server(f"m{number:04}", {"displayName": title, "spaces": [label]})
    fields = tuple(
        replace(field, after=frozenset({label})) if field.path == ("spaces",) else field
        for field in change.fields
    )
    return replace(change, address=made.address, title=title, desired=made, fields=fields)


def settled() -> Review:
    """Nothing to do, with two hundred servers as declared."""
    still = [_still(number) for number in range(200)]
    group = {"displayName": "Research", "groups": ["Research"]}
    resources = [space("research", group), *(each[0] for each in still)]
    made = plan(
        resources,
        snapshot(live_space("vlt_r", group), *(each[1] for each in still)),
        state(
            {"Space/research": owned("vlt_r", group)}
            | {str(each[0].address): each[2] for each in still}
        ),
    )
    return review_of(view_of(made, resources))


def stopped() -> Review:
    """A command that ended before there was a plan."""
    error = Diagnostic(
        code=Code.UNKNOWN_FIELD,
        message="`authh` is not a field of MCPServer",
        span=Span(file="manifests/github.yaml", line=8, column=3, end_line=8, end_column=8),
        help=("did you mean `auth`?",),
    )
    failure = Failure(code=1, message="the manifests have 1 error")
    return review_of_failure("Plan", failure, (error,))
