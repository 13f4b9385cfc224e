"""Adopting: who may own what, and what state says of it from then on."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from reconciler.diagnostics import Code
from reconciler.planning import Adoption, Matching, adopt, make_plan
from reconciler.resources import Address, LiveResource, Reason, Resource, Snapshot
from reconciler.state import Consent, State
from tests.parts.values import (
    COMPANY_ID,
    URL,
    Lines,
    inputs,
    live_server,
    live_space,
    owned,
    server,
    snapshot,
    space,
    state,
    tool,
)
from tests.planning.test_ownership import intent


def adopted(
    resources: Iterable[Resource],
    whole: Snapshot,
    claims: Mapping[str, str] | None = None,
    *,
    remembered: State | None = None,
    matching: Matching = Matching.NONE,
) -> Adoption:
    return adopt(
        {each.address: each for each in resources},
        remembered or state(),
        whole,
        locator=Lines(),
        claims={Address.parse(text): sid for text, sid in (claims or {}).items()},
        matching=matching,
    )


def codes(made: Adoption) -> list[Code]:
    assert all(fault.span for fault in made.faults), "every fault has its place"
    return [fault.code for fault in made.faults]


def github(remote_id: str = "rms_1", **more: Any) -> LiveResource:
    return live_server(remote_id, {"displayName": "GitHub", **more})


def test_what_the_manifest_says_as_the_workspace_has_it_is_no_change() -> None:
    resources = [
        space("money", {"displayName": "Finance", "members": []}),
        server(
            "github",
            {
                "displayName": "GitHub",
                "spaces": ["money"],
                "auth": {"mode": "bearer", "token": {"env": "T"}},
                "headers": {"x-a": {"env": "A"}},
                "tools": {"default": {"stake": "low"}},
            },
        ),
    ]
    whole = snapshot(
        live_space("vlt_1", {"displayName": "finance"}),
        github(
            spaces=["vlt_1"],
            auth={"mode": "bearer", "token": True},
            headers={"X-A": True},
            tools={"search": tool("low")},
        ),
    )
    made = adopted(resources, whole, matching=Matching.ALL)
    assert codes(made) == []
    plan = make_plan(inputs(resources, whole, made.state))
    # Only the letter case of the space's name differs.
    assert [str(change.address) for change in plan.changes] == ["Space/money"]


def test_what_differs_is_an_edit_and_never_drift() -> None:
    resource = server(
        "github",
        {
            "displayName": "Better",
            "spaces": [],
            "description": "mine",
            "auth": {"mode": "bearer", "token": {"env": "T"}},
            "tools": {"default": {"stake": "low"}, "search": {"enabled": False}},
        },
    )
    whole = snapshot(github(spaces=[COMPANY_ID], tools={"search": tool(), "drop": tool("low")}))
    made = adopted([resource], whole, {"MCPServer/github": "rms_1"})
    (change,) = make_plan(inputs([resource], whole, made.state)).changes
    assert {field.reason for field in change.fields} == {Reason.EDITED}
    assert change.reason is Reason.EDITED
    assert {field.path for field in change.fields} >= {
        ("displayName",),
        ("spaces",),
        ("auth", "token"),
        ("tools", "search", "enabled"),
    }


def test_an_object_whose_every_field_differs_isnt_called_unfinished() -> None:
    resource = space("s", {"displayName": "New"})
    whole = snapshot(live_space("vlt_1", {"displayName": "Old"}))
    made = adopted([resource], whole, {"Space/s": "vlt_1"})
    (change,) = make_plan(inputs([resource], whole, made.state)).changes
    assert change.reason is Reason.EDITED


def test_protection_is_remembered_from_the_start() -> None:
    made = adopted(
        [space("s", protect=True)], snapshot(live_space("vlt_1", {})), {"Space/s": "vlt_1"}
    )
    assert made.state.entries[Address("Space", "s")].protect


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"MCPServer/github": "rms_9"}, Code.UNKNOWN_REMOTE_ID),
        ({"MCPServer/github": "vlt_1"}, Code.WRONG_KIND),
        ({"Space/s": COMPANY_ID}, Code.UNKNOWN_REMOTE_ID),
        ({"MCPServer/github": "rms_2"}, Code.HALF_MADE),
        ({"MCPServer/github": "rms_1", "MCPServer/other": "rms_1"}, Code.ALREADY_OWNED),
        ({"MCPServer/other": "rms_3"}, Code.ALREADY_OWNED),
        ({"MCPServer/mine": "rms_1"}, Code.ALREADY_OWNED),
    ],
)
def test_what_cant_be_adopted_is_a_located_fault(claims: dict[str, str], code: Code) -> None:
    resources = [server("github"), server("other"), server("mine"), space("s")]
    whole = snapshot(
        live_space("vlt_1", {}),
        github(),
        replace(github("rms_2"), broken=True),
        github("rms_3"),
    )
    remembered = state({"MCPServer/mine": owned("rms_3", {"url": URL})})
    assert codes(adopted(resources, whole, claims, remembered=remembered)) == [code]


def test_what_its_address_owns_already_is_kept() -> None:
    remembered = state({"Space/s": owned("vlt_1", {"displayName": "s"})})
    whole = snapshot(live_space("vlt_1", {"displayName": "s"}))
    made = adopted([space("s")], whole, {"Space/s": "vlt_1"}, remembered=remembered)
    assert (made.adopted, made.kept) == ({}, (Address("Space", "s"),))
    assert made.state == remembered


def test_a_renamed_resource_owns_its_object_already() -> None:
    remembered = state({"Space/old": owned("vlt_1", {"displayName": "s"})})
    whole = snapshot(live_space("vlt_1", {"displayName": "s"}))
    resource = space("new", {"displayName": "s"}, previously=("old",))
    made = adopted([resource], whole, remembered=remembered, matching=Matching.ALL)
    assert (made.adopted, made.kept, codes(made)) == ({}, (Address("Space", "new"),), [])


def test_equal_objects_are_told_apart_by_id_alone() -> None:
    whole = snapshot(github("rms_1"), github("rms_2"))
    resource = server("github", {"displayName": "GitHub"})
    assert codes(adopted([resource], whole, matching=Matching.SOME)) == [Code.SEVERAL_MATCHES]
    chosen = adopted([resource], whole, {"MCPServer/github": "rms_2"}, matching=Matching.ALL)
    assert [live.remote_id for live in chosen.adopted.values()] == ["rms_2"]


def test_two_manifests_never_match_one_object() -> None:
    made = adopted([server("a"), server("b")], snapshot(github()), matching=Matching.SOME)
    assert codes(made) == [Code.SEVERAL_MATCHES] * 2


def test_without_insisting_what_has_no_object_is_left_with_a_hint() -> None:
    resource = server("github", {"displayName": "Other name"})
    made = adopted([resource], snapshot(github()), matching=Matching.SOME)
    assert made.unmatched == {Address("MCPServer", "github"): ("rms_1",)}
    assert codes(adopted([resource], snapshot(github()), matching=Matching.ALL)) == [Code.NO_MATCH]


def test_adopting_settles_a_creation_that_nobody_saw_end() -> None:
    waiting = Consent(connection="con_1", provider="mcp", url="u", who="w", since="s", asked="a")
    remembered = state({}, intent())
    remembered = remembered.ask(Address("MCPServer", "github"), waiting)
    whole = snapshot(github("rms_1"), github("rms_2"))
    resource = server("github", {"displayName": "GitHub"})
    made = adopted([resource], whole, {"MCPServer/github": "rms_2"}, remembered=remembered)
    assert (made.state.unfinished, made.state.consents) == ((), {})
    assert make_plan(inputs([resource], whole, made.state)).changes == ()
