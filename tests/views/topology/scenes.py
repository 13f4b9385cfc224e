"""Graphs small enough to read, one of them with names that would break out if they could."""

from collections.abc import Iterable
from typing import Any

from reconciler.planning import Plan
from reconciler.resources import Address, Guards, Resource, Spec
from reconciler.views.topology import Compared, Topology, build
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

HOSTILE = (
    '"]; click x "javascript:alert(1)',
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "%%{init: {'securityLevel': 'loose'}}%%",
    "#quot;#lt;b#gt; &lt;i&gt; &amp; &quot;",
    "`**bold** _it_ ~~gone~~`",
    "1. one",
    "- dash",
    "+ plus",
    "# head",
    "fa:fa-ban www.evil.example https://evil.example a@b.example",
    "end",
    "$$x^2$$",
    "back\\slash \\N \\G \\l",
    "]]>--><!-- {{x}}",
    "Ünïcödé 漢字 🙂",
    "subgraph x; end; classDef x fill:red",
)
"""Display names that mean something to Mermaid, DOT, HTML or Markdown."""


def topology(made: Plan, resources: Iterable[Resource]) -> Topology:
    """The graph before and after a plan."""
    compared = Compared(
        changes=made.changes, as_declared=frozenset(made.unchanged), ignored=made.ignored
    )
    return build(specs(resources), compared)


def specs(resources: Iterable[Resource]) -> dict[Address, Spec]:
    """The specs by address."""
    return {item.address: item.spec for item in resources}


def _oauth(*scopes: str, **more: Any) -> dict[str, Any]:
    return {
        "mode": "static-oauth",
        "clientId": "app",
        "authorizationEndpoint": "https://github.example/login/oauth/authorize",
        "tokenEndpoint": "https://github.example/login/oauth/access_token",
        "scopes": list(scopes),
        **more,
    }


def exposure_resources() -> list[Resource]:
    """What the manifests of `exposure` say."""
    return [
        space("finance", {"displayName": "Finance", "members": ["ana@x.io", "bob@x.io"]}),
        space("lab", {"displayName": "Lab", "access": "open"}),
        space("quiet", {"displayName": "Quiet", "access": "restricted", "groups": ["Q"]}),
        server(
            "github",
            {
                "displayName": "GitHub",
                "spaces": ["finance", "lab"],
                "auth": _oauth("repo", "user", credentials="workspace"),
                "tools": {"default": {"stake": "high"}, "search": {"stake": "never_ask"}},
            },
        ),
        server("wiki", {"displayName": "Wiki", "spaces": ["company"], "auth": {"mode": "none"}}),
        server("crm", {"displayName": "CRM", "url": "https://crm.example/mcp"}),
        server("docs", {"displayName": "Docs", "spaces": ["quiet"]}, ignore_changes=("spaces",)),
    ]


def exposure_plan() -> Plan:
    """Placements that come and go, a space that opens, wider scopes, refusals, left-alone fields.

    GitHub goes from Old to Finance and Lab with a new scope and shared credentials; Wiki to the
    whole company, which is refused; Old is deleted; Docs is where somebody put it.
    """
    had = {
        "displayName": "GitHub",
        "spaces": ["old"],
        "auth": _oauth("repo", credentials="personal"),
        "tools": {"default": {"stake": "high"}},
    }
    return plan(
        exposure_resources(),
        snapshot(
            live_space("vlt_1", {"displayName": "Finance", "members": ["ana@x.io"]}),
            live_space("vlt_2", {"displayName": "Lab"}),
            live_space("vlt_3", {"displayName": "Quiet", "groups": ["Q"]}),
            live_space("vlt_4", {"displayName": "Old"}),
            live_server(
                "rms_1",
                {
                    "displayName": "GitHub",
                    "spaces": ["vlt_4", "vlt_foreign"],
                    "auth": {
                        "mode": "static-oauth",
                        "credentials": "personal",
                        "connected": True,
                    },
                    "tools": {"search": tool(), "drop": tool()},
                },
            ),
            live_server("rms_2", {"displayName": "Wiki", "spaces": ["vlt_3"]}),
            live_server("rms_3", {"displayName": "Docs", "spaces": ["vlt_1"]}),
        ),
        state(
            {
                "Space/finance": owned("vlt_1", {"displayName": "Finance"}),
                "Space/lab": owned("vlt_2", {"displayName": "Lab", "access": "restricted"}),
                "Space/quiet": owned("vlt_3", {"displayName": "Quiet"}),
                "Space/old": owned("vlt_4", {"displayName": "Old"}),
                "MCPServer/github": owned("rms_1", {"url": "x", **had}),
                "MCPServer/wiki": owned("rms_2", {"displayName": "Wiki", "spaces": ["quiet"]}),
                "MCPServer/docs": owned("rms_3", {"displayName": "Docs", "spaces": ["quiet"]}),
            }
        ),
        allow=["open-space", "wider-scopes", "shared-credentials", "lower-stake"],
        guards=Guards(maxDeletes=5, maxDeleteFraction=1.0),
    )


def exposure() -> Topology:
    """The graph of `exposure_plan`."""
    return topology(exposure_plan(), exposure_resources())


def hostile_resources() -> list[Resource]:
    """A space, a server and a scope for each hostile text."""
    spaces = [space(f"s{n}", {"displayName": text}) for n, text in enumerate(HOSTILE)]
    servers = [
        server(
            f"m{n}",
            {
                "displayName": text,
                "spaces": [f"s{n}"],
                "auth": _oauth(text.replace(" ", "").replace('"', "").replace("\\", "")),
            },
        )
        for n, text in enumerate(HOSTILE)
    ]
    return [*spaces, *servers]


def hostile() -> Topology:
    """The graph of `hostile_resources`, from manifests alone."""
    return build(specs(hostile_resources()))
