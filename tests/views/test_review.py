"""The model of a review: what touches security, what is introduced, what was there before."""

from dataclasses import replace
from typing import Any

import pytest

from reconciler.diagnostics import Code, Diagnostic, Severity
from reconciler.planning import Observation, Plan
from reconciler.resources import Address, Hidden, Reason, Spec, Users
from reconciler.views import (
    Concern,
    Effect,
    Failure,
    Matter,
    Outcome,
    Review,
    review_of,
    review_of_failure,
    review_of_manifests,
)
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
from tests.views.scenes import PLANS, view

TOKEN = {"env": "TOKEN"}
BEARER = {"mode": "bearer", "token": TOKEN}


def review(made: Plan, **more: Any) -> Review:
    return review_of(view(made, **more))


def of_server(
    after: dict[str, Any],
    before: dict[str, Any],
    applied: dict[str, Any] | None = None,
    **more: Any,
) -> Review:
    """The review of one server that is to be as `after` and is as `before`."""
    wanted = server("x", {"displayName": "X", **after})
    made = plan(
        [wanted, space("team", {"displayName": "Team"}), space("all", {"access": "open"})],
        snapshot(
            live_server("rms_1", {"displayName": "X", **before}),
            live_space("vlt_t", {"displayName": "Team"}),
            live_space("vlt_o", {"displayName": "all", "access": "open"}),
        ),
        state(
            {
                "MCPServer/x": owned("rms_1", applied or {"url": URL, "displayName": "X"}),
                "Space/team": owned("vlt_t", {}),
                "Space/all": owned("vlt_o", {}),
            }
        ),
        **more,
    )
    return review(
        made, desired={wanted.address: wanted.spec, Address("Space", "all"): {"access": "open"}}
    )


def told(made: Review) -> list[tuple[Concern, Effect, str]]:
    return [(item.concern, item.effect, item.message) for item in made.matters]


def test_a_dangerous_creation_is_told_though_no_gate_asks() -> None:
    spec = {
        "displayName": "X",
        "spaces": ["company"],
        "auth": BEARER,
        "tools": {"default": {"stake": "never_ask"}},
    }
    made = review(plan([server("x", spec)], snapshot(), allow=["bearer-in-open-space"]))
    assert told(made) == [
        (Concern.EXPOSURE, Effect.LOOSENS, "is shown to the whole company"),
        (
            Concern.EXPOSURE,
            Effect.CHANGES,
            "is a new server: what agents send goes there",
        ),
        (
            Concern.CREDENTIALS,
            Effect.LOOSENS,
            "acts as the one account of its bearer token, whoever uses it",
        ),
        (Concern.CREDENTIALS, Effect.CHANGES, "sends the secret token"),
        (Concern.STAKES, Effect.LOOSENS, "lets agents call tools with less asking"),
    ]


@pytest.mark.parametrize(
    ("after", "before", "expected"),
    [
        (
            {"spaces": ["all"]},
            {},
            (Concern.EXPOSURE, Effect.LOOSENS, "is shown to open spaces (all)"),
        ),
        ({"spaces": ["team"]}, {}, (Concern.EXPOSURE, Effect.LOOSENS, "is shown in more spaces")),
        (
            {"spaces": []},
            {"spaces": ["vlt_t"]},
            (Concern.EXPOSURE, Effect.TIGHTENS, "is shown in fewer spaces"),
        ),
        (
            {"spaces": ["team"]},
            {"spaces": ["company"]},
            (
                Concern.EXPOSURE,
                Effect.TIGHTENS,
                "is shown to some spaces, and no longer to the whole company",
            ),
        ),
        (
            {"tools": {"search": {"stake": "low"}}},
            {"tools": {"search": tool("high")}},
            (Concern.STAKES, Effect.LOOSENS, "lets agents call `search` with less asking"),
        ),
        (
            {"tools": {"search": {"stake": "high"}}},
            {"tools": {"search": tool("low")}},
            (
                Concern.STAKES,
                Effect.TIGHTENS,
                "makes agents ask more before they call `search`",
            ),
        ),
        (
            {"tools": {"search": {"enabled": True}}},
            {"tools": {"search": tool("low", enabled=False)}},
            (Concern.STAKES, Effect.LOOSENS, "lets agents call `search` again"),
        ),
        (
            {"tools": {"search": {"enabled": False}}},
            {"tools": {"search": tool("low")}},
            (Concern.STAKES, Effect.TIGHTENS, "lets no agent call `search` any more"),
        ),
        (
            {"auth": {"mode": "automatic", "credentials": "workspace"}},
            {"auth": {"mode": "automatic", "credentials": "personal"}},
            (
                Concern.CREDENTIALS,
                Effect.LOOSENS,
                "is used with one shared sign-in, not as each person",
            ),
        ),
        (
            {"auth": {"mode": "automatic", "credentials": "personal"}},
            {"auth": {"mode": "automatic", "credentials": "workspace"}},
            (
                Concern.CREDENTIALS,
                Effect.TIGHTENS,
                "is used with each person's own sign-in",
            ),
        ),
        (
            {"headers": {"X-Key": TOKEN}},
            {},
            (Concern.CREDENTIALS, Effect.CHANGES, "sends the secret header X-Key"),
        ),
    ],
)
def test_a_change_of_a_server_is_told_by_what_it_means(
    after: dict[str, Any], before: dict[str, Any], expected: tuple[Concern, Effect, str]
) -> None:
    assert told(of_server(after, before)) == [expected]


@pytest.mark.parametrize(
    ("after", "before", "effect", "message"),
    [
        (["a", "b"], ["a"], Effect.LOOSENS, "asks for wider scopes"),
        (["a"], ["a", "b"], Effect.TIGHTENS, "asks for narrower scopes"),
        (["a", "c"], ["a", "b"], Effect.LOOSENS, "asks for other scopes"),
    ],
)
def test_scopes_are_told_by_what_they_gain(
    after: list[str], before: list[str], effect: Effect, message: str
) -> None:
    made = of_server(
        {"auth": {"mode": "automatic", "scopes": after}},
        {"auth": {"mode": "automatic"}},
        {"url": URL, "displayName": "X", "auth": {"mode": "automatic", "scopes": before}},
    )
    assert told(made) == [(Concern.SCOPES, effect, message)]


def test_a_token_that_will_go_to_another_address_is_told() -> None:
    made = of_server(
        {"url": "https://elsewhere.example/mcp", "auth": BEARER},
        {"auth": {"mode": "bearer", "token": True}},
        {"url": URL, "displayName": "X", "auth": BEARER},
    )
    assert (
        Concern.CREDENTIALS,
        Effect.LOOSENS,
        "sends its credentials to another address",
    ) in told(made)


def test_a_delete_names_who_uses_the_server() -> None:
    made = plan(
        [], snapshot(live_server("rms_1", {})), state({"MCPServer/x": owned("rms_1", {"url": URL})})
    )
    (change,) = made.changes
    used = replace(change, users=Users(agents=("Helper",), skills=()))
    (matter,) = review_of(replace(view(made), changes=(used,))).matters
    assert (matter.concern, matter.effect) == (Concern.DESTRUCTION, Effect.DESTROYS)
    assert matter.details[0] == 'used by the agent "Helper"'


def test_what_tightens_comes_last() -> None:
    made = of_server(
        {"spaces": [], "tools": {"search": {"stake": "low"}}},
        {"spaces": ["vlt_t"], "tools": {"search": tool("high")}},
    )
    assert [item.effect for item in made.matters] == [Effect.LOOSENS, Effect.TIGHTENS]


def test_what_was_rotated_keeps_its_value_hidden() -> None:
    made = of_server(
        {"auth": BEARER},
        {"auth": {"mode": "bearer", "token": True}},
        {"url": URL, "displayName": "X", "auth": BEARER},
        observations={("MCPServer/x", ("auth", "token")): Observation.ROTATED},
    )
    (matter,) = made.matters
    assert matter.message == "gets the rotated token"
    assert (matter.before, matter.after) == (Hidden(), Hidden("env:TOKEN"))


def test_a_change_with_edits_and_drift_is_told_in_two_parts() -> None:
    made = review(PLANS["every-action"]())
    introduced = {str(item.change.address): item for item in made.introduced}
    standing = {str(item.change.address): item for item in made.standing}
    assert [f.path for f in introduced["MCPServer/github"].fields] == [
        ("description",),
        ("spaces",),
    ]
    assert [f.path for f in standing["MCPServer/github"].fields] == [
        ("tools", "search", "stake"),
        ("auth", "token"),
        ("headers", "X-Stray"),
    ]
    assert introduced["MCPServer/github"].reason is Reason.EDITED
    assert standing["MCPServer/github"].reason is Reason.DRIFT
    assert introduced["MCPServer/github"].whole
    assert not standing["MCPServer/github"].whole
    assert "Space/open" in introduced
    assert "Space/open" not in standing


def test_every_field_of_every_change_is_told_exactly_once() -> None:
    for name in PLANS:
        made = review(PLANS[name]())
        for change in made.changes:
            if change.refusal is None:
                parts = [
                    item for item in (*made.introduced, *made.standing) if item.change == change
                ]
                assert sorted(f.path for item in parts for f in item.fields) == sorted(
                    f.path for f in change.fields
                )
                assert sum(item.whole for item in parts) == 1


def test_what_is_refused_is_told_apart_and_its_matters_name_the_gate() -> None:
    made = review(PLANS["refusals"]())
    assert made.outcome is Outcome.REFUSED
    assert {str(change.address) for change in made.refused} >= {"Space/safe", "Space/doomed"}
    going = {item.change.address for item in (*made.introduced, *made.standing)}
    assert not going & {change.address for change in made.refused}
    gates: dict[str, Matter] = {str(item.address): item for item in made.matters}
    assert gates["Space/safe"].gate == "protected"


def test_the_counts_agree_with_the_plan() -> None:
    for name in PLANS:
        made = PLANS[name]()
        counted = review(made).counts
        assert counted.actions == made.counts()
        assert counted.refused == len(made.refused)
        assert counted.drifted == len(made.drifted)
        assert counted.calls == made.calls


def test_the_outcome_says_whether_there_is_anything_to_do() -> None:
    assert review(PLANS["nothing"]()).outcome is Outcome.NOTHING
    assert review(PLANS["every-action"]()).outcome is Outcome.CHANGES


def test_what_ended_early_is_a_review_with_its_faults() -> None:
    fault = Diagnostic(code=Code.YAML_SYNTAX, message="broken")
    hint = Diagnostic(code=Code.UNKNOWN_TOOL, message="odd", severity=Severity.WARNING)
    made = review_of_failure("Plan", Failure(code=1, message="1 error"), [fault, hint])
    assert made.outcome is Outcome.STOPPED
    assert made.errors == (fault,)
    assert made.warnings == (hint,)


def test_manifests_that_a_rule_denies_are_refused_and_others_valid() -> None:
    denied = Diagnostic(code=Code.POLICY_DENIED, message="no")
    desired: dict[Address, Spec] = {Address("Space", "a"): {}}
    assert review_of_manifests("acme", [denied], desired=desired).outcome is Outcome.REFUSED
    valid = review_of_manifests("acme", [], desired=desired)
    assert valid.outcome is Outcome.VALID
    assert valid.untouched == (Address("Space", "a"),)
