"""Plan files: what is refused as one, and what is never in one."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reconciler.planning import Observation, PlanUnreadable, read_plan
from reconciler.resources import Hidden, digest_of
from reconciler.secrets import Secret
from tests.parts.values import inputs, live_server, owned, plan, server, snapshot, space, state
from tests.planning.documents import document
from tests.views.scenes import PLANS

ROOT = Path(__file__).parents[2]


def sealed(whole: dict[str, Any]) -> str:
    """The text of a plan with a digest that fits, as a forger would make it."""
    bare = {key: value for key, value in whole.items() if key != "digest"}
    return json.dumps({**bare, "digest": "sha256:" + digest_of(bare)})


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_fits_its_published_schema(name: str) -> None:
    schema = json.loads((ROOT / "schemas" / "plan.schema.json").read_text("utf-8"))
    jsonschema.validate(json.loads(json.dumps(document(PLANS[name]()))), schema)


@pytest.mark.parametrize("name", PLANS)
def test_equal_plans_give_equal_documents(name: str) -> None:
    assert document(PLANS[name]()) == document(PLANS[name]())


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [p for key in value for p in _paths(value[key], (*path, key))]
    if isinstance(value, list):
        return [p for at, item in enumerate(value) for p in _paths(item, (*path, at))]
    return [path]


def test_no_value_of_a_plan_can_be_altered_unseen() -> None:
    text = json.dumps(document(PLANS["every-action"]()))
    paths = [path for path in _paths(json.loads(text)) if path != ("format",)]
    assert len(paths) > 200
    for path in paths:
        altered = json.loads(text)
        place = altered
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = "altered" if isinstance(place[path[-1]], str) else 77
        with pytest.raises(PlanUnreadable):
            read_plan(json.dumps(altered), name="plan.json")


def test_formatting_and_the_order_of_keys_are_not_altering() -> None:
    whole = document(PLANS["every-action"]())
    text = json.dumps(dict(reversed(list(whole.items()))), indent=3)
    assert read_plan(text, name="plan.json").document == whole


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": "reconciler.plan/v2"}, "not a plan of this version"),
        ({"more": 1}, "damaged at `more`"),
        ({"changes": [{}]}, "damaged at `changes.0."),
        ({"mode": "other"}, "damaged at `mode`"),
    ],
)
def test_what_is_not_a_plan_of_this_version_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(PlanUnreadable) as caught:
        read_plan(sealed(document(PLANS["nothing"]()) | changes), name="plan.json")
    assert said in caught.value.message
    assert caught.value.help


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "3", "[" * 100_000, '"plan"'])
def test_what_is_not_a_plan_at_all_is_refused(text: str) -> None:
    with pytest.raises(PlanUnreadable):
        read_plan(text, name="plan.json")


def test_a_plan_too_deep_to_read_is_refused() -> None:
    whole = document(PLANS["nothing"]())
    text = json.dumps(whole).replace(
        '"desired": {}', '"desired": ' + '{"a":' * 900 + "1" + "}" * 900
    )
    with pytest.raises(PlanUnreadable):
        read_plan(text, name="plan.json")


def test_a_change_of_no_address_is_refused() -> None:
    whole = document(plan([space("a")], snapshot()))
    whole["changes"][0]["address"] = "nowhere"
    with pytest.raises(PlanUnreadable, match="expected Kind/name"):
        read_plan(sealed(whole), name="plan.json")


def test_a_secret_cannot_be_written_into_a_plan() -> None:
    token = {"env": "TOKEN"}
    wanted = server("github", {"auth": {"mode": "bearer", "token": token}, "headers": {"X": token}})
    (change,) = plan([wanted], snapshot()).changes
    assert {f.after for f in change.fields if isinstance(f.after, Hidden)} == {Hidden("env:TOKEN")}
    with pytest.raises(TypeError):
        json.dumps({**document(plan([wanted], snapshot())), "desired": Secret("hush")})


def test_what_the_workspace_hides_is_hidden_in_the_plan() -> None:
    auth = {"mode": "bearer", "token": {"env": "A"}}
    made = plan(
        [server("github", {"auth": auth, "headers": {}})],
        snapshot(live_server("rms_1", {"auth": {**auth, "token": True}, "headers": {"X": True}})),
        state({"MCPServer/github": owned("rms_1", {"auth": auth})}),
        observations={("MCPServer/github", ("auth", "token")): Observation.ROTATED},
    )
    shown = [(field["before"], field["after"]) for field in document(made)["changes"][0]["fields"]]
    assert shown == [({"hidden": None}, {"hidden": "env:A"}), ({"hidden": None}, None)]


def test_planning_changes_nothing_that_it_is_given() -> None:
    wanted = [space("a"), server("s", {"spaces": ["a"]})]
    given = inputs(wanted, snapshot(live_server("rms_9", {})))
    before = repr(given.state), repr(given.snapshot), repr(given.resources)
    document(plan(wanted, given.snapshot, given.state))
    assert (repr(given.state), repr(given.snapshot), repr(given.resources)) == before
