"""Names that go round: swaps, circles and rows of names, done once and in one step."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.planning import Plan, make_plan, moved
from reconciler.planning.ownership import LAGS, TAKES
from reconciler.resources import Action, Address, Gate, LiveResource, Resource
from reconciler.state import Intent, State
from tests.parts.values import (
    URL,
    actions,
    inputs,
    live_server,
    live_space,
    owned,
    plan,
    server,
    snapshot,
    space,
    state,
)

NAMES = "abcd"


def titles(*names: str) -> State:
    """A state in which each name owns the space of its own title."""
    return state({f"Space/{n}": owned(f"vlt_{n}", {"displayName": n.upper()}) for n in names})


def now(remembered: State) -> dict[str, str]:
    return {address.name: e.remote_id for address, e in remembered.entries.items()}


WHOLE = snapshot(*(live_space(f"vlt_{n}", {"displayName": n.upper()}) for n in NAMES))


def wanted(**former: str) -> list[Resource]:
    """Spaces that each keep the object, and so the title, of a former name."""
    return [
        space(name, {"displayName": old.upper()}, previously=(old,) if old != name else ())
        for name, old in former.items()
    ]


def test_two_resources_swap_their_names_and_dont_swap_them_again() -> None:
    resources = wanted(a="b", b="a")
    first = make_plan(inputs(resources, WHOLE, titles("a", "b")))
    assert (first.changes, len(first.moves)) == ((), 2)
    assert now(first.state) == {"a": "vlt_b", "b": "vlt_a"}
    second = make_plan(inputs(resources, WHOLE, first.state))
    assert (second.changes, second.moves) == ((), ())
    assert second.state == first.state


def test_a_swap_can_be_swapped_back_once_the_manifests_said_nothing_of_it() -> None:
    swapped = make_plan(inputs(wanted(a="b", b="a"), WHOLE, titles("a", "b"))).state
    quiet = [space("a", {"displayName": "B"}), space("b", {"displayName": "A"})]
    settled = make_plan(inputs(quiet, WHOLE, swapped)).state
    back = [
        space("a", {"displayName": "A"}, previously=("b",)),
        space("b", {"displayName": "B"}, previously=("a",)),
    ]
    again = make_plan(inputs(back, WHOLE, settled))
    assert (again.changes, now(again.state)) == ((), {"a": "vlt_a", "b": "vlt_b"})


def test_names_move_up_in_a_row() -> None:
    made = make_plan(inputs(wanted(a="b", b="c"), WHOLE, titles("b", "c")))
    assert (made.changes, now(made.state)) == ((), {"a": "vlt_b", "b": "vlt_c"})


def test_no_resource_is_robbed_of_its_object() -> None:
    # `b` names a former name that nobody knows, so it keeps what it has.
    resources = [space("a", previously=("b",)), space("b", {"displayName": "B"}, previously=("z",))]
    made = make_plan(inputs(resources, WHOLE, titles("b")))
    assert made.moves == ()
    assert now(made.state) == {"b": "vlt_b"}


def test_servers_follow_the_spaces_that_swap_their_names() -> None:
    resources = [*wanted(a="b", b="a"), server("s", {"spaces": ["a"]})]
    live = live_server("rms_1", {"spaces": ["vlt_b"]})
    whole = snapshot(*WHOLE.resources["Space"].values(), live)
    before = titles("a", "b").put(
        Address("MCPServer", "s"), owned("rms_1", {"url": URL, "spaces": ["b"]})
    )
    made = plan(resources, whole, before)
    assert made.changes == ()
    assert made.state.entries[Address("MCPServer", "s")].applied["spaces"] == ["a"]


@given(st.permutations(NAMES), st.sets(st.sampled_from(NAMES)))
def test_any_permutation_of_names_keeps_every_object(order: list[str], gone: set[str]) -> None:
    former = {new: old for new, old in zip(NAMES, order, strict=True) if old not in gone}
    resources = wanted(**former)
    made = make_plan(inputs(resources, WHOLE, titles(*sorted(former.values()))))
    assert made.changes == (), former
    assert now(made.state) == {new: f"vlt_{old}" for new, old in former.items()}
    again = make_plan(inputs(resources, WHOLE, made.state))
    assert (again.changes, again.moves) == ((), ())


def test_moving_by_hand_takes_references_and_waiting_things_along() -> None:
    before = titles("a").put(
        Address("MCPServer", "s"), owned("rms_1", {"url": URL, "spaces": ["a"]})
    )
    after = moved(before, {Address("Space", "a"): Address("Space", "z")})
    assert after.entries[Address("MCPServer", "s")].applied["spaces"] == ["z"]
    assert Address("Space", "a") not in after.entries


STARTED = Intent(
    address=Address("Space", "money"),
    operation="create",
    match={"displayName": "Money"},
    asked=1_790_000_000_000,
)


def renamed_onto_a_creation(*live: LiveResource, at: int) -> Plan:
    """`finance` is to be called `money`, where an interrupted run had begun to make a space."""
    return plan(
        [space("money", {"displayName": "Money"}, previously=("finance",))],
        snapshot(live_space("vlt_1", {"displayName": "Finance"}), *live, at=at),
        state({"Space/finance": owned("vlt_1", {"displayName": "Finance"})}, STARTED),
    )


@pytest.mark.parametrize("shows", [True, False], ids=["it-shows", "not-yet"])
def test_a_rename_onto_an_address_with_a_creation_under_way_is_refused_at_both_ends(
    shows: bool,
) -> None:
    made_there = replace(live_space("vlt_2", {"displayName": "Money"}), created=1_790_000_000_001)
    made = renamed_onto_a_creation(*([made_there] if shows else []), at=1_790_000_000_002)
    assert made.moves == ()
    refusals = {str(c.address): c.refusal for c in made.changes if c.action is not Action.UPDATE}
    assert "Space/finance" in refusals
    for refusal in refusals.values():
        assert refusal is not None
        assert refusal.gate is Gate.AMBIGUOUS
        assert "Space/finance can't become Space/money" in refusal.diagnostic.message
        assert refusal.diagnostic.span is not None
        assert "reconciler forget Space/money" in " ".join(refusal.diagnostic.help)
    assert made.state.entries[Address("Space", "finance")].remote_id == "vlt_1"


def test_a_rename_onto_an_address_where_nothing_came_of_a_creation_is_done() -> None:
    made = renamed_onto_a_creation(at=1_790_000_000_000 + TAKES + LAGS)
    assert [(str(old), str(new)) for old, new in made.moves] == [("Space/finance", "Space/money")]
    assert made.state.unfinished == ()
    assert actions(made) == [("Space/money", Action.UPDATE)]


def test_a_former_name_is_not_taken_from_what_the_address_owns_already() -> None:
    remembered = titles("a", "b")
    made = plan([space("a", {"displayName": "A2"}, previously=("b",))], WHOLE, remembered)
    assert made.moves == ()
    assert actions(made) == [("Space/a", Action.UPDATE), ("Space/b", Action.DELETE)]
    assert now(made.state) == {"a": "vlt_a", "b": "vlt_b"}, "nothing is left without an owner"
