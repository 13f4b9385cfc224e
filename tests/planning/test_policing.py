"""The workspace's own rules over a plan: what they refuse, warn about, and give way to."""

from dataclasses import replace
from typing import Any

import pytest

from reconciler.diagnostics import Code
from reconciler.planning import Plan, make_plan
from reconciler.planning.scope import Scope
from reconciler.policy import compile_policy
from reconciler.resources import Address, Gate, PolicyRule, Resource, Snapshot
from reconciler.state import State
from tests.parts.values import (
    change_of,
    inputs,
    live_server,
    live_space,
    owned,
    server,
    snapshot,
    space,
    state,
)
from tests.policy.rules import rule

OURS = rule(
    name="our-hosts",
    kinds=["MCPServer"],
    message="servers must be under acme.com",
    cel='resource.spec.url.startsWith("https://acme.com/")',
)
LIVE = live_server("srv_1", {"displayName": "CRM", "description": "old"})
APPLIED = state({"MCPServer/crm": owned("srv_1", {"url": LIVE.spec["url"], "description": "old"})})


def judged(
    resources: list[Resource],
    *rules: PolicyRule,
    live: Snapshot | None = None,
    owning: State | None = None,
    allow: tuple[str, ...] = (),
) -> Plan:
    """The plan under these rules."""
    made = inputs(resources, live or snapshot(), owning or state(), allow=allow)
    return make_plan(replace(made, policy=compile_policy(rules), workspace="acme"))


def test_what_a_rule_denies_is_refused_by_the_gate_policy() -> None:
    made = judged([server("crm"), space("team")], OURS)
    found = change_of(made, "MCPServer/crm").refusal
    assert found is not None
    assert found.gate is Gate.POLICY
    assert not found.overridable
    told = found.diagnostic
    assert told.code is Code.POLICY_DENIED
    assert told.message == ("rule `our-hosts` denies MCPServer/crm: servers must be under acme.com")
    assert told.span is not None
    assert told.span.file == "manifests/crm.yaml"
    assert any(note.startswith("the rule is at manifests/acme.yaml:") for note in told.notes)
    assert [str(change.address) for change in made.runnable] == ["Space/team"]


def test_no_flag_lifts_a_rule_that_is_not_overridable() -> None:
    made = judged([server("crm")], OURS, allow=("policy", "policy:our-hosts"))
    assert [c.refusal and c.refusal.gate for c in made.changes] == [Gate.POLICY]


def test_an_overridable_rule_names_its_flag_and_gives_way_to_it_with_a_warning() -> None:
    lenient = OURS.model_copy(update={"overridable": True})
    refused = change_of(judged([server("crm")], lenient), "MCPServer/crm").refusal
    assert refused is not None
    assert refused.overridable
    assert "`--allow policy:our-hosts`" in refused.diagnostic.help[-1]

    made = judged([server("crm")], lenient, allow=("policy:our-hosts",))
    assert made.refused == ()
    (warning,) = made.warnings
    assert warning.code is Code.POLICY_WARNING
    assert warning.notes[-1] == "this run allows it, once"


def test_the_flag_of_one_rule_does_not_lift_another() -> None:
    other = rule(name="other", overridable=True, message="no", cel="false")
    lenient = OURS.model_copy(update={"overridable": True})
    made = judged([server("crm")], lenient, other, allow=("policy:our-hosts",))
    found = change_of(made, "MCPServer/crm").refusal
    assert found is not None
    assert "rule `other`" in found.diagnostic.message


def test_all_rules_that_deny_a_change_are_named_at_once() -> None:
    second = rule(name="second", message="never", cel="false")
    found = change_of(judged([server("crm")], OURS, second), "MCPServer/crm").refusal
    assert found is not None
    assert "rule `second` denies MCPServer/crm: never" in found.diagnostic.notes


def test_a_rule_that_warns_lets_the_change_go_on() -> None:
    made = judged([server("crm")], OURS.model_copy(update={"action": "warn"}))
    assert made.refused == ()
    (warning,) = made.warnings
    assert "rule `our-hosts` warns about MCPServer/crm" in warning.message


def test_a_rule_for_another_kind_says_nothing() -> None:
    made = judged([space("team")], OURS)
    assert made.refused == ()
    assert not made.warnings.items


def test_a_rule_that_cannot_be_evaluated_refuses() -> None:
    broken = rule(cel='resource.spec.auth.mode == "none"')
    found = change_of(judged([server("crm")], broken), "MCPServer/crm").refusal
    assert found is not None
    assert any("can't be evaluated" in note for note in found.diagnostic.notes)
    assert "ask first whether a field is there: `has(…)`" in found.diagnostic.help


def test_what_stays_as_it_is_is_warned_about_and_not_refused() -> None:
    made = judged([server("crm")], OURS, live=snapshot(LIVE), owning=APPLIED)
    assert made.changes == ()
    (warning,) = made.warnings
    assert warning.code is Code.POLICY_WARNING
    assert warning.notes[-1] == "it is as declared, so nothing is refused"


def test_what_a_plan_leaves_out_is_not_judged() -> None:
    made = replace(
        inputs([server("crm"), space("team")], snapshot(), state()),
        policy=compile_policy([OURS]),
        workspace="acme",
        scope=Scope(targets=frozenset({Address("Space", "team")})),
    )
    assert list(make_plan(made).warnings) == []


def test_what_depends_on_a_denied_space_is_held_back_with_it() -> None:
    closed = rule(name="no-open", kinds=["Space"], cel='resource.spec.access != "open"')
    wanted = [space("team", {"access": "open"}), server("crm", {"spaces": ["team"]})]
    made = judged(wanted, closed)
    assert {str(c.address): c.refusal and c.refusal.gate for c in made.changes} == {
        "Space/team": Gate.POLICY,
        "MCPServer/crm": Gate.DEPENDENCY,
    }


@pytest.mark.parametrize(
    "cel",
    [
        'change.action == "update" && change.reason == "edited"',
        'change.kind == "MCPServer" && change.name == "crm" && change.address == "MCPServer/crm"',
        'change.fields.exists(f, f.field == "description" && f.before == "old")',
        'change.fields.all(f, f.path == ["description"] && f.after == "new")',
        'live.spec.description == "old" && resource.spec.description == "new"',
        "change.consequences.size() == 0",
        'live.remoteId == "srv_1" && change.title == "crm"',
    ],
)
def test_a_rule_on_changes_sees_what_happens(cel: str) -> None:
    wanted = [server("crm", {"description": "new"})]
    held = judged(wanted, rule(on="change", cel=cel), live=snapshot(LIVE), owning=APPLIED)
    assert held.refused == ()
    broken = rule(on="change", cel=f"!({cel})")
    assert len(judged(wanted, broken, live=snapshot(LIVE), owning=APPLIED).refused) == 1


def test_a_rule_on_changes_sees_consequences() -> None:
    seen = rule(on="change", cel="change.action != 'replace' || change.consequences.size() == 0")
    moved = [server("crm", {"url": "https://new.example/mcp"})]
    made = judged(moved, seen, live=snapshot(LIVE), owning=APPLIED)
    assert change_of(made, "MCPServer/crm").consequences
    assert len(made.refused) == 1


def test_what_is_deleted_has_no_resource_and_what_is_new_is_not_live() -> None:
    deletes = rule(on="change", cel='change.action == "delete" && resource == null && live != null')
    assert judged([], deletes, live=snapshot(LIVE), owning=APPLIED).refused == ()
    creates = rule(on="change", cel='change.action == "create" && live == null')
    assert judged([server("crm")], creates).refused == ()


def test_rules_on_resources_do_not_keep_what_they_deny_from_being_deleted() -> None:
    assert judged([], OURS, live=snapshot(LIVE), owning=APPLIED).refused == ()


def test_a_schema_may_judge_a_change() -> None:
    small = rule(on="change", schema={"properties": {"action": {"enum": ["create", "update"]}}})
    live = snapshot(live_space("vlt_1", {"displayName": "Team"}))
    owning = state({"Space/team": owned("vlt_1", {"displayName": "Team"})})
    made = judged([], small, live=live, owning=owning)
    found = change_of(made, "Space/team").refusal
    assert found is not None
    assert "at `action`: 'delete' is not one of ['create', 'update']" in found.diagnostic.notes


@pytest.mark.parametrize("on", ["resource", "change"])
def test_a_rule_sees_where_a_secret_is_kept_and_nothing_else(on: str) -> None:
    spec: dict[str, Any] = {"auth": {"mode": "bearer", "token": {"env": "CRM_TOKEN"}}}
    known = (
        'resource.spec.auth.token == {"env": "CRM_TOKEN"}'
        if on == "resource"
        else 'change.fields.exists(f, f.field == "auth.token" && f.after.hidden == "env:CRM_TOKEN")'
    )
    assert judged([server("crm", spec)], rule(on=on, cel=known)).refused == ()
