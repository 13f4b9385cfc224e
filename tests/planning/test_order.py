"""Order of changes: nobody sees more than the manifests say, and no name is taken twice."""

from itertools import pairwise

from reconciler.planning import Plan
from reconciler.resources import Action, Address, Gate
from tests.parts.values import (
    URL,
    actions,
    change_of,
    live_server,
    live_space,
    owned,
    plan,
    server,
    snapshot,
    space,
    state,
)


def waits(made: Plan, later: str, earlier: str) -> bool:
    """Whether one change depends on another, and comes after it."""
    places = {str(change.address): at for at, change in enumerate(made.changes)}
    depends = Address.parse(earlier) in change_of(made, later).depends_on
    return depends and places[earlier] < places[later]


def test_a_space_is_made_before_a_server_enters_it() -> None:
    made = plan([server("a", {"spaces": ["z"]}), space("z")], snapshot())
    assert waits(made, "MCPServer/a", "Space/z")


def test_a_space_is_closed_before_a_server_enters_it() -> None:
    made = plan(
        [space("z", {"access": "restricted"}), server("a", {"spaces": ["z"]})],
        snapshot(
            live_space("vlt_1", {"displayName": "z", "access": "open"}), live_server("rms_1", {})
        ),
        state(
            {
                "Space/z": owned("vlt_1", {"access": "open"}),
                "MCPServer/a": owned("rms_1", {"url": URL}),
            }
        ),
    )
    assert waits(made, "MCPServer/a", "Space/z")


LEAVING = state(
    {
        "Space/z": owned("vlt_1", {"displayName": "z", "access": "restricted"}),
        "MCPServer/a": owned("rms_1", {"url": URL, "spaces": ["z"]}),
    }
)
INSIDE = snapshot(
    live_space("vlt_1", {"displayName": "z"}), live_server("rms_1", {"spaces": ["vlt_1"]})
)


def test_a_server_leaves_a_space_before_that_is_deleted() -> None:
    made = plan([server("a", {"spaces": []})], INSIDE, LEAVING)
    assert waits(made, "Space/z", "MCPServer/a")


def test_a_server_leaves_a_space_before_that_is_opened() -> None:
    made = plan([server("a", {"spaces": []}), space("z", {"access": "open"})], INSIDE, LEAVING)
    assert waits(made, "Space/z", "MCPServer/a")


def test_a_server_is_deleted_before_its_space() -> None:
    made = plan([], INSIDE, LEAVING)
    assert actions(made) == [("MCPServer/a", Action.DELETE), ("Space/z", Action.DELETE)]
    assert waits(made, "Space/z", "MCPServer/a")


def test_a_server_that_is_replaced_leaves_a_space_before_that_is_deleted() -> None:
    made = plan([server("a", {"url": "https://new.example/mcp", "spaces": []})], INSIDE, LEAVING)
    assert waits(made, "Space/z", "MCPServer/a")


def test_a_replace_that_carries_its_spaces_over_is_done_before_one_of_them_goes() -> None:
    made = plan([server("a", {"url": "https://new.example/mcp"})], INSIDE, LEAVING)
    assert waits(made, "Space/z", "MCPServer/a")


def test_a_server_that_stays_where_it_is_does_not_wait_for_its_space() -> None:
    made = plan(
        [server("a", {"spaces": ["z"], "icon": "ActionCarIcon"}), space("z", {"access": "open"})],
        INSIDE,
        LEAVING,
    )
    assert all(change.depends_on == () for change in made.changes)


def test_the_space_of_a_server_that_is_made_anew_comes_first() -> None:
    made = plan([space("z"), server("a", {"spaces": ["z"]})], snapshot(), LEAVING)
    assert waits(made, "MCPServer/a", "Space/z")


def two_spaces(first: str, second: str) -> Plan:
    """A plan that gives spaces named `One` and `Two` these names."""
    return plan(
        [space("a", {"displayName": first}), space("b", {"displayName": second})],
        snapshot(
            live_space("vlt_1", {"displayName": "One"}), live_space("vlt_2", {"displayName": "Two"})
        ),
        state(
            {
                "Space/a": owned("vlt_1", {"displayName": "One"}),
                "Space/b": owned("vlt_2", {"displayName": "Two"}),
            }
        ),
    )


def test_a_name_is_handed_over_from_who_frees_it() -> None:
    made = two_spaces("two", "Three")
    assert waits(made, "Space/a", "Space/b")
    assert made.refused == ()


def test_the_name_of_a_deleted_space_goes_to_a_new_one_after_it() -> None:
    made = plan(
        [space("b", {"displayName": "Finance"})],
        snapshot(live_space("vlt_1", {"displayName": "finance"})),
        state({"Space/a": owned("vlt_1", {"displayName": "finance"})}),
    )
    assert waits(made, "Space/b", "Space/a")
    assert made.refused == ()


def test_a_swap_of_names_is_refused_as_a_cycle() -> None:
    made = two_spaces("Two", "One")
    assert [change.refusal and change.refusal.gate for change in made.changes] == [
        Gate.CYCLE,
        Gate.CYCLE,
    ]
    assert made.runnable == ()


def test_only_those_in_the_cycle_are_told_so_and_who_waits_for_them_is_held_back() -> None:
    made = plan(
        [
            space("a", {"displayName": "Two", "access": "restricted"}),
            space("b", {"displayName": "One"}),
            server("in-a", {"spaces": ["a"]}),
            server("free", {"spaces": []}),
        ],
        snapshot(
            live_space("vlt_1", {"displayName": "One", "access": "open"}),
            live_space("vlt_2", {"displayName": "Two"}),
        ),
        state(
            {
                "Space/a": owned("vlt_1", {"displayName": "One"}),
                "Space/b": owned("vlt_2", {"displayName": "Two"}),
            }
        ),
    )
    gates = {str(c.address): c.refusal.gate for c in made.refused if c.refusal}
    assert gates == {
        "Space/a": Gate.CYCLE,
        "Space/b": Gate.CYCLE,
        "MCPServer/in-a": Gate.DEPENDENCY,
    }
    assert [str(change.address) for change in made.runnable] == ["MCPServer/free"]
    told = change_of(made, "Space/a").refusal
    assert told is not None
    assert "in-a" not in told.diagnostic.message


def test_a_space_made_anew_under_the_name_of_one_that_its_server_leaves_is_a_cycle() -> None:
    made = plan([space("b", {"displayName": "z"}), server("a", {"spaces": ["b"]})], INSIDE, LEAVING)
    assert {c.refusal.gate for c in made.changes if c.refusal} == {Gate.CYCLE}


def test_the_remedy_for_that_cycle_is_to_keep_the_space() -> None:
    made = plan(
        [space("b", {"displayName": "z"}, previously=("z",)), server("a", {"spaces": ["b"]})],
        INSIDE,
        LEAVING,
    )
    assert made.changes == ()


def test_independent_changes_come_by_kind_and_name_with_deletes_last() -> None:
    made = plan(
        [server("b", {"spaces": []}), server("a", {"spaces": []}), space("z")],
        snapshot(live_space("vlt_1", {"displayName": "old"}), live_server("rms_1", {})),
        state({"Space/old": owned("vlt_1", {}), "MCPServer/old": owned("rms_1", {})}),
    )
    assert [address for address, _ in actions(made)] == [
        "Space/z",
        "MCPServer/a",
        "MCPServer/b",
        "MCPServer/old",
        "Space/old",
    ]
    assert all(one.depends_on == () for one, _ in pairwise(made.changes))
