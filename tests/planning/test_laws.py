"""Laws of plan and apply, over any manifests and any edits behind our back."""

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.planning import change_json, make_plan, read_plan
from reconciler.resources import Address
from tests.parts.values import COMPANY_ID, inputs
from tests.planning.documents import document
from tests.planning.worlds import EDITS, Course, Edit, Manifests, manifests, shuffled

MODEST = settings(max_examples=60, deadline=None)
MANY_EDITS = st.lists(EDITS, max_size=3)


def after(first: Manifests, edits: list[Edit]) -> Course:
    """A workspace to which manifests were applied, and then people did this."""
    course = Course()
    course.apply(first)
    for edit in edits:
        edit(course.world)
    return course


def assert_as_declared(course: Course, wanted: Manifests) -> None:
    """The workspace has what the manifests say, compared without the planner's help."""
    ids = {a.name: e.remote_id for a, e in course.state.entries.items() if a.kind == "Space"}
    ids["company"] = COMPANY_ID
    for address, item in wanted.items():
        live = course.world.find(address.kind, course.state.entries[address].remote_id)
        assert live is not None
        spec: Any = item.spec
        have: Any = live.spec
        for name in spec.keys() & {"url", "displayName", "description", "icon", "access"}:
            assert have[name] == spec[name]
        for name in spec.keys() & {"members", "headers"}:
            assert {key.casefold() for key in have[name]} == {k.casefold() for k in spec[name]}
        if "spaces" in spec:
            assert set(have["spaces"]) == {ids[label] for label in spec["spaces"]}
        if "auth" in spec:
            assert have["auth"]["mode"] == spec["auth"]["mode"]
        for name, row in have.get("tools", {}).items():
            declared = spec.get("tools", {})
            assert row == row | declared.get("default", {}) | declared.get(name, {})


@MODEST
@given(manifests(), MANY_EDITS, manifests())
def test_after_an_apply_nothing_is_left_to_do(
    first: Manifests, edits: list[Edit], second: Manifests
) -> None:
    course = after(first, edits)
    made = course.apply(second)
    again = course.plan(second)
    assert again.runnable == ()
    if not made.refused:
        assert again.changes == ()
        assert_as_declared(course, second)
        assert {a: e.applied for a, e in course.state.entries.items()} == {
            address: item.spec for address, item in second.items()
        }
    assert document(course.plan(second)) == document(again)


@MODEST
@given(manifests(), MANY_EDITS, manifests(), st.data())
def test_every_order_that_the_plan_allows_goes_through(
    first: Manifests, edits: list[Edit], second: Manifests, data: st.DataObject
) -> None:
    course = after(first, edits)
    plan = course.plan(second)
    # The world refuses a name that is taken at any moment, and a space that isn't there.
    course.carry_out(plan, second, lambda ready: data.draw(st.sampled_from(ready)))
    assert course.plan(second).runnable == ()


def exposed(course: Course, wanted: Manifests) -> set[Address]:
    """The servers that the whole workspace may use now."""
    spaces = course.world.spaces
    wide = {COMPANY_ID, *(sid for sid, spec in spaces.items() if spec["access"] == "open")}
    return {
        address
        for address, entry in course.state.entries.items()
        if address.kind == "MCPServer"
        and wide & set(course.world.servers.get(entry.remote_id, {"spaces": ()})["spaces"])
    }


@MODEST
@given(manifests(), MANY_EDITS, manifests(), st.data())
def test_nobody_sees_more_on_the_way_than_before_or_after(
    first: Manifests, edits: list[Edit], second: Manifests, data: st.DataObject
) -> None:
    course = after(first, edits)
    plan = course.plan(second)
    before = exposed(course, second)
    on_the_way: set[Address] = set()
    course.carry_out(
        plan,
        second,
        lambda ready: data.draw(st.sampled_from(ready)),
        lambda: on_the_way.update(exposed(course, second)),
    )
    assert on_the_way <= before | exposed(course, second)


@MODEST
@given(manifests(), manifests(), MANY_EDITS, manifests())
def test_what_we_do_not_own_is_never_touched(
    theirs: Manifests, first: Manifests, edits: list[Edit], second: Manifests
) -> None:
    course = Course()
    course.apply(theirs)
    strangers = {entry.remote_id for entry in course.state.entries.values()}
    # Another state over the same workspace: all that is there belongs to somebody else.
    course.state = replace(course.state, entries={})
    course.apply(first)
    for edit in edits:
        edit(course.world)
    before = deepcopy({**course.world.spaces, **course.world.servers})
    course.apply(second)
    now = {**course.world.spaces, **course.world.servers}
    for remote_id in strangers & before.keys():
        kept, found = dict(before[remote_id]), dict(now[remote_id])
        if "spaces" in kept:  # a view goes with its space, and that may be one of ours
            kept["spaces"] = [sid for sid in kept["spaces"] if sid in now or sid == COMPANY_ID]
        assert found == kept


@MODEST
@given(manifests(), MANY_EDITS, manifests())
def test_what_is_refused_stays_as_it_is(
    first: Manifests, edits: list[Edit], second: Manifests
) -> None:
    course = after(first, edits)
    plan = course.plan(second)
    before = {
        c.address: deepcopy(course.world.find(c.address.kind, c.remote_id or ""))
        for c in plan.refused
    }
    entries = dict(course.state.entries)
    course.carry_out(plan, second, lambda ready: ready[0])
    for change in plan.refused:
        now = course.world.find(change.address.kind, change.remote_id or "")
        was = before[change.address]
        assert (now and now.spec) == (was and was.spec)
        assert course.state.entries.get(change.address) == entries.get(change.address)


@MODEST
@given(manifests(), MANY_EDITS, manifests(), st.data())
def test_the_order_in_which_things_are_given_never_matters(
    first: Manifests, edits: list[Edit], second: Manifests, data: st.DataObject
) -> None:
    course = after(first, edits)
    whole = course.world.snapshot()
    turned = replace(
        whole,
        resources={
            kind: dict(reversed(list(found.items())))
            for kind, found in reversed(list(whole.resources.items()))
        },
    )
    remembered = replace(course.state, entries=dict(reversed(list(course.state.entries.items()))))
    other = shuffled(second, data.draw(st.permutations(list(second))))
    plan = make_plan(inputs(other.values(), turned, remembered))
    assert document(plan) == document(course.plan(second))


@MODEST
@given(manifests(), MANY_EDITS, manifests())
def test_a_plan_is_read_back_as_it_was_written(
    first: Manifests, edits: list[Edit], second: Manifests
) -> None:
    plan = after(first, edits).plan(second)
    written = document(plan)
    read = read_plan(json.dumps(written), name="plan.json")
    assert read.changes == plan.changes
    assert [change_json(change) for change in read.changes] == written["changes"]
    assert read.warnings == tuple(plan.warnings)
    assert read.document == written
