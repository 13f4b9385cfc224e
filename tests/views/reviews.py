"""Reviews of every kind, small enough to read; and a huge one."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from reconciler.diagnostics import Code, Diagnostic, Severity, Span
from reconciler.planning import Plan, make_plan
from reconciler.policy import compile_policy
from reconciler.resources import Change, Guards, Users
from reconciler.views import (
    Failure,
    PlanView,
    Review,
    review_of,
    review_of_failure,
    review_of_manifests,
)
from tests.parts.values import (
    URL,
    inputs,
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
from tests.policy.rules import rule
from tests.views.scenes import PLANS, view

TOKEN = {"env": "DESK_TOKEN"}
HOME = Span(file="manifests/acme.yaml", line=4, column=9, end_line=4, end_column=13)
_DENIED = rule(
    name="only-described",
    kinds=["MCPServer"],
    message="a server needs a description",
    schema={"properties": {"spec": {"required": ["description"]}}},
)
_ODD = rule(
    name="few-stakes",
    kinds=["MCPServer"],
    action="warn",
    message="ask before you call",
    schema={"properties": {"spec": {"not": {"required": ["tools"]}}}},
)


def _mixed() -> Plan:
    """Gates, rules, drift, a delete with users, a risky creation, names in many scripts."""
    desk = {"displayName": "Desk 🛎 受付", "description": "tickets"}
    loud = {"displayName": "Büro", "access": "open"}
    resources = [
        space("buero", loud),
        space("ops", {"displayName": "Ops", "members": ["ana@x.io", "bob@x.io"]}),
        server("plain", {"displayName": "Plain"}),
        server(
            "desk",
            {
                **desk,
                "spaces": ["company"],
                "auth": {"mode": "bearer", "token": TOKEN},
                "tools": {"default": {"stake": "never_ask"}},
            },
        ),
        server(
            "wiki",
            {
                "displayName": "Wiki",
                "description": "pages",
                "auth": {"mode": "automatic", "scopes": ["read", "write"]},
                "tools": {"search": {"stake": "low"}},
            },
        ),
    ]
    wiki_before = {
        "displayName": "Wiki",
        "description": "pages",
        "auth": {"mode": "automatic", "scopes": ["read"]},
        "tools": {"search": {"stake": "low"}},
    }
    entries = {
        "Space/buero": owned("vlt_1", {"displayName": "Büro", "access": "restricted"}),
        "Space/ops": owned("vlt_2", {"displayName": "Ops", "members": ["ana@x.io", "bob@x.io"]}),
        "MCPServer/wiki": owned("rms_1", {"url": URL, **wiki_before}),
        "MCPServer/old": owned("rms_2", {"url": URL, "displayName": "Old"}),
    }
    live = snapshot(
        live_space("vlt_1", {"displayName": "Büro"}),
        live_space("vlt_2", {"displayName": "Ops", "members": ["ana@x.io", "eve@x.io"]}),
        live_server(
            "rms_1",
            {
                "displayName": "Wiki",
                "description": "edited by hand",
                "auth": {"mode": "automatic"},
                "tools": {"search": tool("high")},
            },
        ),
        live_server("rms_2", {"displayName": "Old", "spaces": ["vlt_2"]}),
    )
    made = inputs(
        resources,
        live,
        state(entries),
        guards=Guards(allow=("lower-stake",)),
        allow=["bearer-in-open-space"],
    )
    return make_plan(replace(made, policy=compile_policy([_DENIED, _ODD]), workspace="acme"))


def _used(change: Change) -> Change:
    users = Users(agents=("Helper <b>", "Sales `bot`"), skills=("Triage",))
    return replace(change, users=users) if str(change.address) == "MCPServer/old" else change


def _view(made: Plan, **more: Any) -> PlanView:
    return replace(
        view(made),
        digest="sha256:3b5d5c3712955042212316173ccf37be8000000000000000000000000000000f",
        made_at="2026-01-01T00:00:00Z",
        expires_at="2026-01-08T00:00:00Z",
        home=HOME,
        **more,
    )


@cache
def mixed() -> Review:
    """A plan with something of everything."""
    made = _mixed()
    changes = tuple(_used(change) for change in made.changes)
    allow = frozenset({"lower-stake", "bearer-in-open-space"})
    return review_of(_view(made, changes=changes, allow=allow))


def drift() -> Review:
    """What others changed, by itself."""
    made = _mixed()
    return review_of(_view(made, changes=made.drifted, noun="Drift"))


def stopped() -> Review:
    """Manifests with errors: no plan."""
    line = '  displayName: "🛎" #'
    unknown = Diagnostic(
        code=Code.UNKNOWN_FIELD,
        message="`authh` is not a field of MCPServer",
        span=Span(
            file="manifests/github.yaml",
            line=8,
            column=3,
            end_line=8,
            end_column=8,
            excerpt="  authh:",
        ),
        label="not a known field",
        help=("did you mean `auth`?",),
        address="MCPServer/github",
    )
    beyond = Diagnostic(
        code=Code.YAML_SYNTAX,
        message="this ends too early",
        span=Span(
            file="manifests/desk.yaml",
            line=3,
            column=20,
            end_line=3,
            end_column=21,
            excerpt=line,
        ),
        notes=("a comment begins here",),
    )
    nowhere = Diagnostic(
        code=Code.NO_MANIFESTS,
        message="no manifests in the folder `empty`",
        severity=Severity.WARNING,
    )
    failure = Failure(
        code=1,
        message="the manifests have 2 errors",
        notes=("nothing was written",),
        help=("run `reconciler validate` beside the files",),
    )
    return review_of_failure("Plan", failure, [unknown, beyond, nowhere])


def _scene(name: str) -> Callable[[], Review]:
    return lambda: review_of(_view(PLANS[name]()))


def valid() -> Review:
    """Manifests that are right."""
    made = view(PLANS["every-action"]())
    return review_of_manifests("acme", [], desired=made.desired, home=HOME)


def denied() -> Review:
    """Manifests that a rule denies."""
    made = view(PLANS["every-action"]())
    found = Diagnostic(
        code=Code.POLICY_DENIED,
        message="rule `only-ours` denies MCPServer/github: servers must be ours",
        span=Span(file="manifests/github.yaml", line=3, column=9, end_line=3, end_column=15),
        help=("change the manifest, or have the rule changed: it can't be overridden",),
        address="MCPServer/github",
    )
    return review_of_manifests("acme", [found], desired=made.desired, home=HOME)


REVIEWS: Mapping[str, Callable[[], Review]] = {
    **{name: _scene(name) for name in PLANS},
    "mixed": mixed,
    "drift": drift,
    "stopped": stopped,
    "valid": valid,
    "denied": denied,
}


@cache
def huge(number: int = 5000) -> Review:
    """As many changes: creations, edits, drift and deletes in turn, some refused."""
    wanted, live, entries = [], [], {}
    for i in range(number):
        name, title = f"tool-{i:04}", f"Tool {i}"
        spec = {"displayName": title, "spaces": ["company"] if i % 50 == 0 else []}
        before = {"displayName": title, "description": "old"}
        match i % 5:
            case 0:
                wanted.append(server(name, {**spec, "tools": {"default": {"stake": "low"}}}))
            case 1 | 2:
                wanted.append(server(name, {**spec, "description": f"text {i}"}))
                live.append(live_server(f"rms_{i}", before))
                entries[f"MCPServer/{name}"] = owned(f"rms_{i}", {"url": URL, **before})
            case 3:
                wanted.append(server(name, {"displayName": title}))
                live.append(live_server(f"rms_{i}", {"displayName": f"Renamed {i}"}))
                entries[f"MCPServer/{name}"] = owned(f"rms_{i}", {"url": URL, "displayName": title})
            case _:
                live.append(live_server(f"rms_{i}", before))
                entries[f"MCPServer/{name}"] = owned(
                    f"rms_{i}", {"url": URL, **before}, protect=i % 10 == 4
                )
    return review_of(_view(plan(wanted, snapshot(*live), state(entries))))
