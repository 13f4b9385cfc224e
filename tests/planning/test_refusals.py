"""Gates: what a plan holds back, why, and what lifts it."""

from dataclasses import replace

import pytest

from reconciler.planning import Plan
from reconciler.resources import Action, Address, Gate, Guards, Refusal, Resource, Snapshot
from reconciler.state import State
from tests.parts.values import (
    URL,
    change_of,
    live_server,
    live_space,
    owned,
    plan,
    server,
    snapshot,
    space,
    state,
    with_people,
)


def refusal(made: Plan, address: str) -> Refusal:
    """Why that change is held back; fails when it isn't."""
    found = change_of(made, address).refusal
    assert found is not None
    return found


def gates(made: Plan) -> dict[str, Gate]:
    """The gate of every refused change."""
    return {str(c.address): c.refusal.gate for c in made.changes if c.refusal}


PROTECTED = state({"Space/finance": owned("vlt_1", {"displayName": "Finance"}, protect=True)})
FINANCE = snapshot(live_space("vlt_1", {"displayName": "Finance"}))


def test_protection_outlives_the_manifest() -> None:
    made = plan([], FINANCE, PROTECTED)
    assert gates(made) == {"Space/finance": Gate.PROTECTED}
    assert made.runnable == ()
    assert not refusal(made, "Space/finance").overridable


def test_no_gate_of_that_name_lifts_protection() -> None:
    made = plan([], FINANCE, PROTECTED, allow=("protected", "max-deletes"))
    assert gates(made) == {"Space/finance": Gate.PROTECTED}


def test_a_protected_resource_may_change_in_place() -> None:
    wanted = space("finance", {"displayName": "Money"}, protect=True)
    assert plan([wanted], FINANCE, PROTECTED).refused == ()


@pytest.mark.parametrize(("remembered", "declared"), [(True, False), (False, True)])
def test_protection_in_state_or_manifest_refuses_a_replace(
    remembered: bool,
    declared: bool,
) -> None:
    made = plan(
        [server("github", {"url": "https://new.example/mcp"}, protect=declared)],
        snapshot(live_server("rms_1", {})),
        state({"MCPServer/github": owned("rms_1", {"url": URL}, protect=remembered)}),
    )
    assert gates(made) == {"MCPServer/github": Gate.PROTECTED}


def crowd(size: int) -> tuple[list[Resource], State]:
    """Spaces s0, s1, … and the state that owns them."""
    spaces = [space(f"s{number}") for number in range(size)]
    entries = {str(item.address): owned(f"vlt_{item.title}", item.spec) for item in spaces}
    return spaces, state(entries)


def removing(count: int, size: int, guards: Guards, *allow: str) -> Plan:
    """A plan in which the manifests of the first `count` of `size` spaces are gone."""
    spaces, remembered = crowd(size)
    live = snapshot(*(live_space(f"vlt_{s.title}", {"displayName": s.title}) for s in spaces))
    return plan(spaces[count:], live, remembered, guards=guards, allow=allow)


def test_as_many_deletes_as_the_guard_allows_go_through() -> None:
    assert removing(2, 4, Guards(maxDeletes=2)).refused == ()


def test_one_delete_more_holds_all_deletes_back() -> None:
    made = removing(3, 4, Guards(maxDeletes=2))
    assert set(gates(made).values()) == {Gate.MAX_DELETES}
    assert len(made.refused) == 3


def test_a_guard_of_zero_refuses_the_first_delete() -> None:
    assert len(removing(1, 4, Guards(maxDeletes=0)).refused) == 1


@pytest.mark.parametrize(("count", "held"), [(2, 0), (3, 3)])
def test_the_fraction_counts_owned_resources(count: int, held: int) -> None:
    assert len(removing(count, 4, Guards(maxDeleteFraction=0.5)).refused) == held


def test_too_many_deletes_are_allowed_by_name_once() -> None:
    made = removing(3, 4, Guards(maxDeletes=0, maxDeleteFraction=0.0), "max-deletes")
    assert made.refused == ()


def test_the_refusal_says_both_numbers_and_that_it_can_be_overridden() -> None:
    found = refusal(removing(3, 4, Guards(maxDeletes=2)), "Space/s0")
    assert found.overridable
    assert "3 resources" in found.diagnostic.message
    assert "2" in found.diagnostic.message


def test_other_changes_go_on_beside_too_many_deletes() -> None:
    spaces, remembered = crowd(3)
    live = snapshot(*(live_space(f"vlt_{s.title}", {"displayName": s.title}) for s in spaces))
    made = plan([space("extra")], live, remembered, guards=Guards(maxDeletes=1))
    assert [str(change.address) for change in made.runnable] == ["Space/extra"]


def test_a_replace_counts_as_a_delete() -> None:
    made = plan(
        [server("github", {"url": "https://new.example/mcp"})],
        snapshot(live_server("rms_1", {})),
        state({"MCPServer/github": owned("rms_1", {"url": URL})}),
        guards=Guards(maxDeletes=0),
    )
    assert gates(made) == {"MCPServer/github": Gate.MAX_DELETES}


STRANGER = snapshot(live_space("vlt_9", {"displayName": "FINANCE"}))


def test_a_name_that_a_stranger_has_is_refused_at_its_line() -> None:
    made = plan([space("finance", {"displayName": "Finance"})], STRANGER)
    found = refusal(made, "Space/finance")
    assert found.gate is Gate.NAME_TAKEN
    assert "`FINANCE` (vlt_9), which this state doesn't own" in found.diagnostic.message
    assert found.diagnostic.span is not None
    assert found.diagnostic.span.file == "manifests/finance.yaml"


def test_a_rename_to_the_name_of_a_stranger_is_refused() -> None:
    live = snapshot(
        live_space("vlt_1", {"displayName": "Money"}),
        live_space("vlt_9", {"displayName": "finance"}),
    )
    made = plan(
        [space("finance")], live, state({"Space/finance": owned("vlt_1", {"displayName": "Money"})})
    )
    assert gates(made) == {"Space/finance": Gate.NAME_TAKEN}


def test_a_name_that_an_unchanged_resource_of_ours_has_is_refused() -> None:
    live = snapshot(live_space("vlt_1", {"displayName": "Shared", "access": "open"}))
    entry = owned("vlt_1", {"displayName": "Elsewhere"})
    ours = space("first", {"displayName": "Elsewhere"}, ignore_changes=("displayName",))
    made = plan(
        [ours, space("second", {"displayName": "shared"})], live, state({"Space/first": entry})
    )
    found = refusal(made, "Space/second")
    assert "which is Space/first" in found.diagnostic.message


def test_another_letter_case_of_its_own_name_is_not_taken() -> None:
    made = plan(
        [space("finance", {"displayName": "FINANCE"})],
        FINANCE,
        state({"Space/finance": owned("vlt_1", {"displayName": "Finance"})}),
    )
    assert made.refused == ()


def test_names_of_other_kinds_are_not_taken() -> None:
    made = plan([server("github", {"displayName": "FINANCE"})], STRANGER)
    assert made.refused == ()


def test_an_unknown_member_is_refused_at_its_line() -> None:
    made = plan(
        [space("finance", {"members": ["ana@acme.example", "nobody@acme.example"]})],
        with_people(snapshot(), {"ana@acme.example"}),
    )
    found = refusal(made, "Space/finance")
    assert found.gate is Gate.UNKNOWN_MEMBER
    assert "`nobody@acme.example`" in found.diagnostic.message
    assert found.diagnostic.span is not None


@pytest.mark.parametrize("written", ["ANA@Acme.example", "straße@acme.example"])
def test_members_are_known_in_any_letter_case(written: str) -> None:
    people = with_people(snapshot(), {"ana@acme.example", "straße@acme.example"})
    assert plan([space("finance", {"members": [written]})], people).refused == ()


def test_an_unknown_group_is_refused() -> None:
    people = with_people(snapshot(), (), {"Finance team"})
    made = plan([space("finance", {"groups": ["finance team"]})], people)
    assert gates(made) == {"Space/finance": Gate.UNKNOWN_GROUP}


def test_people_that_nobody_asked_for_are_not_judged() -> None:
    assert plan([space("finance", {"members": ["x@acme.example"]})], snapshot()).refused == ()


def test_a_member_who_left_does_not_hold_back_an_unrelated_change() -> None:
    spec = {"displayName": "Finance", "members": ["gone@acme.example"]}
    live = live_space("vlt_1", {**spec, "access": "open"})
    made = plan(
        [space("finance", {**spec, "access": "restricted"})],
        with_people(snapshot(live), ()),
        state({"Space/finance": owned("vlt_1", spec)}),
    )
    assert made.refused == ()


def test_nothing_is_deleted_on_an_incomplete_list() -> None:
    live = replace(FINANCE, complete=frozenset({"MCPServer"}))
    made = plan([], live, state({"Space/finance": owned("vlt_1", {})}))
    assert gates(made) == {"Space/finance": Gate.INCOMPLETE_READ}


def test_an_absence_on_an_incomplete_list_is_not_taken_for_gone() -> None:
    made = plan(
        [space("finance")],
        snapshot(complete={"MCPServer"}),
        state({"Space/finance": owned("vlt_1", {}), "Space/old": owned("vlt_2", {})}),
    )
    assert gates(made) == {
        "Space/finance": Gate.INCOMPLETE_READ,
        "Space/old": Gate.INCOMPLETE_READ,
    }
    assert made.forgotten == ()


def test_the_kinds_that_were_read_whole_go_on() -> None:
    made = plan([server("github")], snapshot(complete={"MCPServer"}))
    assert made.refused == ()


def test_a_dependant_of_a_refused_change_is_held_back_and_the_rest_goes_on() -> None:
    made = plan(
        [
            space("finance", {"displayName": "Finance"}),
            server("in-it", {"displayName": "A", "spaces": ["finance"]}),
            server("elsewhere", {"displayName": "B", "spaces": []}),
        ],
        STRANGER,
    )
    assert gates(made) == {
        "Space/finance": Gate.NAME_TAKEN,
        "MCPServer/in-it": Gate.DEPENDENCY,
    }
    assert [str(change.address) for change in made.runnable] == ["MCPServer/elsewhere"]


def test_counts_leave_refused_changes_out() -> None:
    made = plan([space("finance", {"displayName": "Finance"}), space("other")], STRANGER)
    assert made.counts()[Action.CREATE] == 1
    assert made.calls == 1


@pytest.mark.parametrize(("applied", "gate"), [({"url": URL}, Gate.PROTECTED), ({}, None)])
def test_what_was_finished_once_stays_protected_though_it_shows_as_half_made(
    applied: dict[str, str], gate: Gate | None
) -> None:
    made = plan(
        [server("github", {"url": URL})],
        snapshot(replace(live_server("rms_1", {"url": URL}), broken=True)),
        state({"MCPServer/github": owned("rms_1", applied, protect=True)}),
    )
    (change,) = made.changes
    assert change.action is Action.REPLACE
    assert (change.refusal.gate if change.refusal else None) is gate


def owned_servers(count: int) -> State:
    """State that owns so many servers."""
    return state({f"MCPServer/s{n}": owned(f"rms_{n}", {"url": URL}) for n in range(count)})


def showing(count: int) -> Snapshot:
    """A complete list that shows so many of them."""
    return snapshot(*(live_server(f"rms_{n}", {}) for n in range(count)))


@pytest.mark.parametrize(("shown", "of"), [(0, 2), (0, 5), (1, 4), (2, 5)])
def test_a_list_that_lost_too_much_makes_and_deletes_nothing(shown: int, of: int) -> None:
    wanted = [server(f"s{n}", {"url": URL}) for n in range(of - 1)]
    made = plan([*wanted, server("new", {"displayName": "New"})], showing(shown), owned_servers(of))
    assert made.runnable == ()
    assert set(gates(made).values()) == {Gate.SUSPICIOUS_READ}
    assert "MCPServer/new" in gates(made)
    assert all(change.refusal.overridable for change in made.refused)  # type: ignore[union-attr]
    assert made.forgotten == ()
    assert len(made.state.entries) == of
    assert f"shows {shown} of the {of}" in made.refused[0].refusal.diagnostic.message  # type: ignore[union-attr]  # refused changes have one


@pytest.mark.parametrize(("shown", "of"), [(0, 1), (1, 2), (1, 3), (3, 6), (2, 4)])
def test_a_list_that_lost_a_little_is_believed(shown: int, of: int) -> None:
    wanted = [server(f"s{n}", {"url": URL}) for n in range(of)]
    made = plan(wanted, showing(shown), owned_servers(of))
    assert made.refused == ()


def test_what_is_still_shown_is_updated_all_the_same() -> None:
    wanted = [server(f"s{n}", {"url": URL, "icon": "ActionCarIcon"}) for n in range(4)]
    made = plan(wanted, showing(1), owned_servers(4))
    assert [str(change.address) for change in made.runnable] == ["MCPServer/s0"]


def test_a_suspicious_list_is_believed_when_its_gate_is_allowed() -> None:
    wanted = [server(f"s{n}", {"url": URL}) for n in range(3)]
    made = plan(wanted, showing(0), owned_servers(4), allow=("suspicious-read",))
    assert [change.action for change in made.runnable] == [Action.CREATE] * 3
    assert made.forgotten == (Address("MCPServer", "s3"),)


def test_every_unknown_member_is_named() -> None:
    wanted = space("finance", {"members": ["a@x.example", "ana@x.example", "b@x.example"]})
    made = plan([wanted], with_people(snapshot(), ["ana@x.example"]))
    message = refusal(made, "Space/finance").diagnostic.message
    assert message == "`a@x.example`, `b@x.example` are no members of the workspace"


def test_names_of_servers_compare_by_letter_case() -> None:
    stranger = live_server("rms_9", {"displayName": "github"})
    assert plan([server("a", {"displayName": "GitHub"})], snapshot(stranger)).refused == ()
    made = plan([server("a", {"displayName": "github"})], snapshot(stranger))
    assert gates(made) == {"MCPServer/a": Gate.NAME_TAKEN}


def test_a_name_is_taken_as_long_as_any_of_several_holders_keeps_it() -> None:
    twins = [live_server(f"rms_{n}", {"displayName": "Twin"}) for n in (1, 2)]
    made = plan(
        [server("new", {"displayName": "Twin"})],
        snapshot(*twins),
        state({"MCPServer/old": owned("rms_2", {"url": URL})}),
    )
    assert gates(made) == {"MCPServer/new": Gate.NAME_TAKEN}
