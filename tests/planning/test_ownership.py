"""Whose an object is: renames, vanished objects, leftovers, creations that nobody saw end."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from reconciler.planning import candidates, make_plan
from reconciler.planning.ownership import GOES_ON, LAGS, TAKES
from reconciler.resources import Action, Address, Gate, LiveResource, Reason
from reconciler.state import Entry, Intent
from tests.parts.values import (
    URL,
    actions,
    change_of,
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

GITHUB = Address("MCPServer", "github")
ASKED = 1_790_000_000_000
LATER = ASKED + TAKES + LAGS
LOST = 5_000


def test_a_new_resource_is_created() -> None:
    (change,) = plan([space("finance")], snapshot()).changes
    assert (change.action, change.reason, change.remote_id) == (Action.CREATE, Reason.NEW, None)
    assert change.span is not None


def test_an_object_that_somebody_deleted_is_made_anew() -> None:
    remembered = state({"Space/finance": owned("vlt_1", {"displayName": "finance"})})
    (change,) = plan([space("finance")], snapshot(), remembered).changes
    assert (change.action, change.reason) == (Action.CREATE, Reason.GONE)


def test_an_object_that_no_manifest_describes_any_more_is_deleted() -> None:
    live = live_space("vlt_1", {"displayName": "Finance"})
    (change,) = plan([], snapshot(live), state({"Space/finance": owned("vlt_1", {})})).changes
    assert (change.action, change.reason) == (Action.DELETE, Reason.REMOVED)
    assert (change.title, change.remote_id) == ("Finance", "vlt_1")


def test_what_is_gone_from_manifests_and_workspace_is_forgotten() -> None:
    made = plan([], snapshot(), state({"Space/finance": owned("vlt_1", {})}))
    assert made.changes == ()
    assert [str(address) for address in made.forgotten] == ["Space/finance"]
    assert made.state.entries == {}


def test_what_the_state_does_not_own_is_left_alone() -> None:
    made = plan([], snapshot(live_space("vlt_9", {}), live_server("rms_9", {})))
    assert made.changes == ()


def test_a_rename_in_the_manifests_moves_the_object_in_state_alone() -> None:
    entry = owned("vlt_1", {"displayName": "Finance"})
    made = plan(
        [space("money", {"displayName": "Finance"}, previously=("finance",))],
        snapshot(live_space("vlt_1", {"displayName": "Finance"})),
        state({"Space/finance": entry}),
    )
    assert made.changes == ()
    assert [(str(old), str(new)) for old, new in made.moves] == [("Space/finance", "Space/money")]
    assert made.state.entries == {Address("Space", "money"): entry}


def test_a_renamed_space_is_no_change_for_the_servers_in_it() -> None:
    made = plan(
        [
            space("money", {"displayName": "Finance"}, previously=("finance",)),
            server("github", {"spaces": ["money"]}),
        ],
        snapshot(
            live_space("vlt_1", {"displayName": "Finance"}),
            live_server("rms_1", {"spaces": ["vlt_1"]}),
        ),
        state(
            {
                "Space/finance": owned("vlt_1", {"displayName": "Finance"}),
                "MCPServer/github": owned("rms_1", {"url": URL, "spaces": ["finance"]}),
            }
        ),
    )
    assert made.changes == ()


def test_a_former_name_that_is_a_resource_again_moves_nothing() -> None:
    made = plan(
        [space("money", previously=("finance",)), space("finance")],
        snapshot(live_space("vlt_1", {"displayName": "finance"})),
        state({"Space/finance": owned("vlt_1", {"displayName": "finance"})}),
    )
    assert made.moves == ()
    assert actions(made) == [("Space/money", Action.CREATE)]


def test_a_rename_is_done_once() -> None:
    made = plan(
        [space("money", {"displayName": "Finance"}, previously=("finance",))],
        snapshot(live_space("vlt_1", {"displayName": "Finance"})),
        state({"Space/money": owned("vlt_1", {"displayName": "Finance"})}),
    )
    assert (made.changes, made.moves) == ((), ())


def test_the_first_former_name_that_state_knows_counts() -> None:
    made = plan(
        [space("c", {"displayName": "X"}, previously=("a", "b"))],
        snapshot(live_space("vlt_1", {"displayName": "X"})),
        state({"Space/b": owned("vlt_1", {})}),
    )
    assert [str(old) for old, _ in made.moves] == ["Space/b"]


def intent(**more: object) -> Intent:
    """An unfinished creation of the server."""
    base = Intent(
        address=GITHUB,
        operation="create",
        match={"url": URL, "displayName": "GitHub"},
        asked=ASKED,
    )
    return replace(base, **more)  # type: ignore[arg-type]  # fields of Intent


def born(
    remote_id: str, spec: Mapping[str, object] | None = None, *, after: int = 1000, **more: object
) -> LiveResource:
    """A server that the platform made so many milliseconds after the creation was asked for."""
    live = live_server(remote_id, {"displayName": "GitHub"} if spec is None else spec)
    return replace(live, created=ASKED + after, **more)  # type: ignore[arg-type]  # its fields


WANTED = server("github", {"displayName": "GitHub"})


def test_a_creation_that_happened_after_all_is_taken_over() -> None:
    made = plan(
        [WANTED],
        snapshot(born("rms_1")),
        state({}, intent()),
    )
    assert made.changes == ()
    assert made.recovered == (GITHUB,)
    assert made.state.entries == {GITHUB: Entry(remote_id="rms_1")}
    assert made.state.unfinished == ()


def test_a_taken_over_object_is_finished() -> None:
    made = plan(
        [server("github", {"displayName": "GitHub", "icon": "ActionCarIcon"})],
        snapshot(born("rms_1")),
        state({}, intent()),
    )
    (change,) = made.changes
    assert (change.action, change.reason) == (Action.UPDATE, Reason.UNFINISHED)


def test_a_taken_over_object_that_no_manifest_wants_is_deleted() -> None:
    live = snapshot(born("rms_1"))
    assert actions(plan([], live, state({}, intent()))) == [("MCPServer/github", Action.DELETE)]


@pytest.mark.parametrize(
    ("created", "taken"),
    [(-1, False), (0, True), (LOST + GOES_ON, True), (LOST + GOES_ON + 1, False)],
    ids=["before", "at-once", "in-time", "too-late"],
)
def test_only_what_the_platform_made_after_it_was_asked_for_and_in_time_is_taken_over(
    created: int, taken: bool
) -> None:
    lost = intent(lost=ASKED + LOST)
    made = plan([WANTED], snapshot(born("rms_1", after=created)), state({}, lost))
    assert made.recovered == ((GITHUB,) if taken else ())


@pytest.mark.parametrize(("created", "taken"), [(TAKES, True), (TAKES + 1, False)])
def test_a_creation_of_which_the_run_was_killed_may_have_taken_longer(
    created: int, taken: bool
) -> None:
    made = plan([WANTED], snapshot(born("rms_1", after=created)), state({}, intent()))
    assert made.recovered == ((GITHUB,) if taken else ())


def test_a_creation_whose_answer_was_given_up_is_over_soon() -> None:
    lost = intent(lost=ASKED + LOST)
    known = ASKED + LOST + GOES_ON + LAGS
    assert plan([WANTED], snapshot(at=known - 1), state({}, lost)).awaited == (GITHUB,)
    assert plan([WANTED], snapshot(at=known), state({}, lost)).awaited == ()


def test_what_the_platform_makes_once_alone_is_asked_for_once_more() -> None:
    finance = Address("Space", "finance")
    started = Intent(
        address=finance, operation="create", match={"displayName": "finance"}, asked=ASKED
    )
    made = plan([space("finance")], snapshot(at=ASKED), state({}, started))
    (change,) = made.changes
    assert (change.action, change.refusal) == (Action.CREATE, None)
    assert (made.state.unfinished, made.awaited) == ((started,), (finance,))


def test_without_the_lock_a_creation_under_way_may_be_a_living_runs_and_holds_nothing_back() -> (
    None
):
    given = replace(inputs([WANTED], snapshot(at=ASKED), state({}, intent())), held=False)
    (change,) = make_plan(given).changes
    assert (change.action, change.refusal) == (Action.CREATE, None)


@pytest.mark.parametrize(("synchronised", "taken"), [(-1, False), (1, True), (10**9, True)])
def test_a_half_made_object_is_taken_over_unless_it_was_there_before(
    synchronised: int, taken: bool
) -> None:
    half = replace(
        live_server("rms_1", {"displayName": "mcp"}),
        broken=True,
        changed=ASKED + synchronised,
    )
    assert plan([WANTED], snapshot(half), state({}, intent())).recovered == (
        (GITHUB,) if taken else ()
    )


@pytest.mark.parametrize("asked", [ASKED, None], ids=["no-time-of-its-own", "no-time-of-ours"])
def test_an_object_that_fits_and_of_which_no_time_is_known_is_told_of_and_left_alone(
    asked: int | None,
) -> None:
    live = live_server("rms_1", {"displayName": "GitHub"})
    made = plan([WANTED], snapshot(live), state({}, intent(asked=asked)))
    (change,) = made.changes
    assert change.refusal is not None
    assert change.refusal.gate is Gate.AMBIGUOUS
    assert "1 object fits: rms_1" in change.refusal.diagnostic.message
    assert "reconciler adopt MCPServer/github=rms_1" in " ".join(change.refusal.diagnostic.help)
    assert (made.recovered, made.state.unfinished) == ((), (intent(asked=asked),))


def test_a_creation_that_lists_of_a_later_time_do_not_show_is_tried_again() -> None:
    made = plan([WANTED], snapshot(at=LATER), state({}, intent()))
    assert actions(made) == [("MCPServer/github", Action.CREATE)]
    assert made.changes[0].refusal is None
    assert (made.state.unfinished, made.awaited) == ((), ())


@pytest.mark.parametrize("mark", ["created", "changed"])
def test_a_list_that_shows_something_later_is_known_to_be_newer(mark: str) -> None:
    when = ASKED + TAKES
    other = live_server("rms_9", {})
    other = replace(other, created=when) if mark == "created" else replace(other, changed=when)
    made = plan([WANTED], snapshot(other, at=ASKED), state({}, intent()))
    assert actions(made) == [("MCPServer/github", Action.CREATE)]
    assert (made.changes[0].refusal, made.state.unfinished) == (None, ())


def test_something_later_in_the_list_of_another_kind_proves_nothing() -> None:
    other = replace(live_space("vlt_9", {}), created=ASKED + TAKES)
    assert plan([WANTED], snapshot(other, at=ASKED), state({}, intent())).awaited == (GITHUB,)


@pytest.mark.parametrize("at", [None, ASKED, LATER - 1])
def test_while_lists_may_be_older_than_a_creation_nothing_is_made_in_its_place(
    at: int | None,
) -> None:
    earlier = replace(live_server("rms_9", {}), created=ASKED + TAKES - 1)
    made = plan([WANTED], snapshot(earlier, at=at), state({}, intent()))
    (change,) = made.changes
    assert change.refusal is not None
    assert change.refusal.gate is Gate.AMBIGUOUS
    assert change.refusal.diagnostic.span is not None
    assert "what was read may be from before" in change.refusal.diagnostic.message
    assert (made.state.unfinished, made.awaited) == ((intent(),), (GITHUB,))


def test_a_replace_whose_creation_is_open_is_held_back_and_an_update_is_not() -> None:
    replacing = intent(replaces="rms_1", match={"url": "https://new.example/mcp"})
    remembered = state({"MCPServer/github": owned("rms_1", WANTED.spec)}, replacing)
    live = snapshot(live_server("rms_1", {"displayName": "GitHub"}), at=ASKED)
    moved = server("github", {"displayName": "GitHub", "url": "https://new.example/mcp"})
    (held,) = plan([moved], live, remembered).changes
    assert (held.action, held.refusal is not None) == (Action.REPLACE, True)
    renamed = server("github", {"displayName": "Other"})
    (update,) = plan([renamed], live, remembered).changes
    assert (update.action, update.refusal) == (Action.UPDATE, None)


def test_a_creation_of_which_no_time_is_known_is_given_up_on_a_whole_list() -> None:
    made = plan([WANTED], snapshot(), state({}, intent(asked=None)))
    assert actions(made) == [("MCPServer/github", Action.CREATE)]
    assert made.state.unfinished == ()


def test_a_creation_that_may_be_several_objects_is_refused() -> None:
    made = plan(
        [WANTED],
        snapshot(
            live_server("rms_2", {"displayName": "GitHub"}),
            live_server("rms_1", {"displayName": "GitHub"}),
        ),
        state({}, intent()),
    )
    (change,) = made.changes
    assert change.refusal is not None
    assert change.refusal.gate is Gate.AMBIGUOUS
    assert "rms_1, rms_2" in change.refusal.diagnostic.message
    assert made.state.unfinished == (intent(),)


def test_objects_from_before_the_creation_are_not_taken_over() -> None:
    made = plan(
        [WANTED],
        snapshot(live_server("rms_1", {"displayName": "GitHub"})),
        state({}, intent(known=("rms_1",))),
    )
    assert made.recovered == ()


@pytest.mark.parametrize(
    "other", [{"displayName": "GitLab"}, {"displayName": "GitHub", "url": "https://b.example/mcp"}]
)
def test_objects_of_another_identity_are_not_taken_over(other: dict[str, str]) -> None:
    assert candidates(intent(), state(), snapshot(live_server("rms_1", other))) == ()


def test_objects_of_other_addresses_are_not_taken_over() -> None:
    found = candidates(
        intent(),
        state({"MCPServer/other": owned("rms_1", {})}),
        snapshot(live_server("rms_1", {"displayName": "GitHub"})),
    )
    assert found == ()


def test_on_an_incomplete_list_a_creation_stays_open() -> None:
    made = plan([WANTED], snapshot(complete=()), state({}, intent()))
    assert made.state.unfinished == (intent(),)


def test_a_replace_whose_creation_happened_leaves_the_old_object_to_delete() -> None:
    wanted = server("github", {"displayName": "GitHub", "url": "https://new.example/mcp"})
    made = plan(
        [wanted],
        snapshot(
            live_server("rms_1", {"displayName": "GitHub"}),
            born(
                "rms_2",
                {"url": "https://new.example/mcp", "displayName": "GitHub (replacing)"},
            ),
        ),
        state(
            {"MCPServer/github": owned("rms_1", {"url": URL}, protect=True)},
            intent(match={"url": "https://new.example/mcp"}, replaces="rms_1"),
        ),
    )
    assert made.state.entries[GITHUB] == Entry(remote_id="rms_2", protect=True, deposed=("rms_1",))
    change = change_of(made, "MCPServer/github")
    assert (change.action, change.remote_id, change.deposed) == (
        Action.UPDATE,
        "rms_2",
        ("rms_1",),
    )
    assert "delete-deposed:rms_1" in [operation.name for operation in change.operations]


def test_leftovers_of_a_replace_are_deleted_though_nothing_else_differs() -> None:
    made = plan(
        [WANTED],
        snapshot(live_server("rms_2", {"displayName": "GitHub"}), live_server("rms_1", {})),
        state({"MCPServer/github": owned("rms_2", WANTED.spec, deposed=("rms_1",))}),
    )
    (change,) = made.changes
    assert [operation.name for operation in change.operations] == ["delete-deposed:rms_1"]


def test_leftovers_that_somebody_deleted_are_no_change() -> None:
    made = plan(
        [WANTED],
        snapshot(live_server("rms_2", {"displayName": "GitHub"})),
        state({"MCPServer/github": owned("rms_2", WANTED.spec, deposed=("rms_1",))}),
    )
    assert made.changes == ()


def test_leftovers_of_a_removed_resource_go_with_it() -> None:
    made = plan(
        [],
        snapshot(live_server("rms_2", {}), live_server("rms_1", {})),
        state({"MCPServer/github": owned("rms_2", {}, deposed=("rms_1",))}),
    )
    (change,) = made.changes
    assert [item.arguments["id"] for item in change.operations] == ["rms_2", "rms_1"]


def test_an_unfinished_creation_follows_a_rename() -> None:
    renamed = server("gh", {"displayName": "GitHub"}, previously=("github",))
    made = plan(
        [renamed],
        snapshot(born("rms_1")),
        state({}, intent()),
    )
    assert made.changes == ()
    assert made.state.entries == {Address("MCPServer", "gh"): Entry(remote_id="rms_1")}


def test_an_ambiguous_creation_is_refused_under_its_new_name_too() -> None:
    renamed = server("gh", {"displayName": "GitHub"}, previously=("github",))
    made = plan(
        [renamed],
        snapshot(
            live_server("rms_1", {"displayName": "GitHub"}),
            live_server("rms_2", {"displayName": "GitHub"}),
        ),
        state({}, intent()),
    )
    refusal = change_of(made, "MCPServer/gh").refusal
    assert refusal is not None
    assert refusal.gate is Gate.AMBIGUOUS


def test_a_renamed_space_is_no_edit_of_the_servers_in_it() -> None:
    live = snapshot(
        live_space("vlt_1", {"displayName": "Finance"}),
        live_server("rms_1", {"spaces": ["vlt_1", "vlt_2"]}),
        live_space("vlt_2", {"displayName": "Added"}),
    )
    remembered = state(
        {
            "Space/old": owned("vlt_1", {"displayName": "Finance"}),
            "MCPServer/github": owned("rms_1", {"url": URL, "spaces": ["old"]}),
        }
    )
    wanted = [
        space("new", {"displayName": "Finance"}, previously=("old",)),
        server("github", {"spaces": ["new"]}),
    ]
    made = plan(wanted, live, remembered)
    assert made.moves == ((Address("Space", "old"), Address("Space", "new")),)
    assert change_of(made, "MCPServer/github").reason is Reason.DRIFT


def test_an_address_that_owns_what_is_there_keeps_it_whatever_it_had_started() -> None:
    made = plan(
        [WANTED],
        snapshot(live_server("rms_1", {}), live_server("rms_2", {"displayName": "GitHub"})),
        state({"MCPServer/github": owned("rms_1", WANTED.spec)}, intent()),
    )
    assert made.state.entries[GITHUB].remote_id == "rms_1"
    assert (made.recovered, made.state.unfinished) == ((), ())


def test_a_creation_in_the_place_of_an_object_that_is_gone_is_taken_over() -> None:
    made = plan(
        [WANTED],
        snapshot(born("rms_2")),
        state({"MCPServer/github": owned("rms_1", WANTED.spec)}, intent()),
    )
    assert made.state.entries[GITHUB].remote_id == "rms_2"
