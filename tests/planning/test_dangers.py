"""Transitions that a person should have agreed to, each with a gate of its own."""

from dataclasses import replace
from typing import Any, get_args

import pytest

from reconciler.cli.options import GATES
from reconciler.planning import Plan
from reconciler.resources import (
    Change,
    Directory,
    Gate,
    Guards,
    LiveResource,
    Resource,
    Snapshot,
    Transition,
)
from tests.parts.values import (
    COMPANY_ID,
    change_of,
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

BEARER = {"mode": "bearer", "token": {"env": "TOKEN"}}
SHOWN = {"mode": "bearer", "token": True}


def space_change(
    before: dict[str, Any], after: dict[str, Any], *, whole: Snapshot | None = None, **more: Any
) -> Change:
    """What becomes of one owned space."""
    known = state({"Space/team": owned("vlt_1", before)})
    there = whole or snapshot(live_space("vlt_1", {"displayName": "Team", **before}))
    made = plan([space("team", {"displayName": "Team", **after})], there, known, **more)
    return change_of(made, "Space/team")


def server_change(
    before: dict[str, Any], after: dict[str, Any], *others: LiveResource, **more: Any
) -> Change:
    """What becomes of one owned server; `spaces` before are remote ids."""
    applied = {"displayName": "Desk", **{k: v for k, v in before.items() if k != "spaces"}}
    known = state({"MCPServer/desk": owned("rms_1", applied)})
    made = plan(
        [server("desk", {"displayName": "Desk", **after})],
        snapshot(live_server("rms_1", {"displayName": "Desk", **before}), *others),
        known,
        **more,
    )
    return change_of(made, "MCPServer/desk")


def gate(change: Change) -> Gate | None:
    """What holds the change back."""
    return change.refusal.gate if change.refusal else None


OPENS: tuple[dict[str, Any], dict[str, Any]] = ({"access": "restricted"}, {"access": "open"})
PERSONAL = {"auth": {"mode": "automatic", "credentials": "personal", "connected": True}}
WORKSPACE = {"auth": {"mode": "automatic", "credentials": "workspace", "connected": True}}


def auth(**fields: Any) -> dict[str, Any]:
    """A spec with automatic sign-in."""
    return {"auth": {"mode": "automatic", **fields}}


def test_opening_a_space_takes_an_agreement() -> None:
    refused = space_change(*OPENS)
    assert gate(refused) is Gate.OPEN_SPACE
    assert refused.refusal is not None
    told = refused.refusal.diagnostic
    assert "opens Space/team to the whole workspace" in told.message
    assert told.span is not None
    assert "--allow open-space" in told.help[0]
    assert refused.refusal.overridable


def test_closing_a_space_takes_none() -> None:
    assert gate(space_change({"access": "open"}, {"access": "restricted"})) is None


def test_a_new_space_may_be_open() -> None:
    made = plan([space("team", {"access": "open"})], snapshot())
    assert made.refused == ()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"spaces": ["vlt_1"]}, {"spaces": ["company"]}, Gate.COMPANY_WIDE),
        ({"spaces": [COMPANY_ID]}, {"spaces": []}, None),
        (PERSONAL, auth(credentials="workspace"), Gate.SHARED_CREDENTIALS),
        (WORKSPACE, auth(credentials="personal"), None),
        ({"tools": {"a": tool("high")}}, {"tools": {"a": {"stake": "low"}}}, Gate.LOWER_STAKE),
        ({"tools": {"a": tool("low")}}, {"tools": {"a": {"stake": "high"}}}, None),
        (
            {"tools": {"a": tool("medium")}},
            {"tools": {"default": {"stake": "never_ask"}}},
            Gate.LOWER_STAKE,
        ),
        (
            {"tools": {"a": tool("high", enabled=False)}},
            {"tools": {"a": {"enabled": True}}},
            Gate.ENABLE_HIGH_STAKE,
        ),
        (
            {"tools": {"a": tool("low", enabled=False)}},
            {"tools": {"a": {"enabled": True}}},
            None,
        ),
        ({"tools": {"a": tool("high")}}, {"tools": {"a": {"enabled": False}}}, None),
        ({"description": "old"}, {"description": "new"}, None),
    ],
)
def test_transitions_of_servers(
    before: dict[str, Any], after: dict[str, Any], expected: Gate | None
) -> None:
    assert gate(server_change(before, after, live_space("vlt_1", {}))) is expected


def test_more_scopes_take_an_agreement_and_fewer_do_not() -> None:
    def change(granted: list[str], asked: list[str]) -> Change:
        spec = {"displayName": "Desk", **auth(scopes=granted)}
        made = plan(
            [server("desk", {"displayName": "Desk", **auth(scopes=asked)})],
            snapshot(
                live_server(
                    "rms_1",
                    {"displayName": "Desk", "auth": {"mode": "automatic", "connected": True}},
                )
            ),
            state({"MCPServer/desk": owned("rms_1", spec)}),
        )
        return change_of(made, "MCPServer/desk")

    wider = change(["read"], ["read", "write"])
    assert gate(wider) is Gate.WIDER_SCOPES
    assert wider.refusal is not None
    assert "by `write`" in wider.refusal.diagnostic.message
    assert gate(change(["read", "write"], ["read"])) is None


OPEN_SPACE = live_space("vlt_2", {"displayName": "Lobby", "access": "open"})
CLOSED_SPACE = live_space("vlt_3", {"displayName": "Vault", "access": "restricted"})


@pytest.mark.parametrize(("access", "expected"), [("open", True), ("restricted", False)])
def test_a_new_bearer_server_in_an_open_space(access: str, expected: bool) -> None:
    wanted: list[Resource] = [
        space("team", {"access": access}),
        server("desk", {"auth": BEARER, "spaces": ["team"]}),
    ]
    found = gate(change_of(plan(wanted, snapshot()), "MCPServer/desk"))
    assert (found is Gate.BEARER_IN_OPEN_SPACE) is expected


def test_a_new_bearer_server_for_the_whole_company() -> None:
    made = plan([server("desk", {"auth": BEARER, "spaces": ["company"]})], snapshot())
    assert gate(change_of(made, "MCPServer/desk")) is Gate.BEARER_IN_OPEN_SPACE


def test_a_bearer_server_that_moves_into_an_open_space() -> None:
    def moved(into: LiveResource) -> Gate | None:
        known = state(
            {
                "MCPServer/desk": owned("rms_1", {"auth": BEARER}),
                "Space/there": owned(into.remote_id, {}),
            }
        )
        made = plan(
            [space("there"), server("desk", {"auth": BEARER, "spaces": ["there"]})],
            snapshot(live_server("rms_1", {"auth": SHOWN}), into),
            known,
        )
        return gate(change_of(made, "MCPServer/desk"))

    assert moved(OPEN_SPACE) is Gate.BEARER_IN_OPEN_SPACE
    assert moved(CLOSED_SPACE) is None


def test_a_token_that_begins_to_be_used_in_an_open_space() -> None:
    known = state({"MCPServer/desk": owned("rms_1", {}), "Space/lobby": owned("vlt_2", {})})
    made = plan(
        [space("lobby"), server("desk", {"auth": BEARER, "spaces": ["lobby"]})],
        snapshot(live_server("rms_1", {"spaces": ["vlt_2"]}), OPEN_SPACE),
        known,
    )
    assert gate(change_of(made, "MCPServer/desk")) is Gate.BEARER_IN_OPEN_SPACE


KEY = {"headers": {"X-Api-Key": {"env": "KEY"}}}
LITERAL = {"headers": {"X-Api-Key": {"literal": "team-a"}}}
HEADER_SHOWN = {"headers": {"X-Api-Key": True}}


@pytest.mark.parametrize(
    ("headers", "space_name", "expected"),
    [(KEY, "company", True), (KEY, "team", False), (LITERAL, "company", False)],
)
def test_a_new_server_with_a_secret_header_is_held_back_where_everybody_comes(
    headers: dict[str, Any], space_name: str, expected: bool
) -> None:
    wanted: list[Resource] = [
        space("team", {"access": "restricted"}),
        server("desk", {**headers, "spaces": [space_name]}),
    ]
    found = gate(change_of(plan(wanted, snapshot()), "MCPServer/desk"))
    assert (found is Gate.BEARER_IN_OPEN_SPACE) is expected


@pytest.mark.parametrize(
    ("before", "applied", "after", "expected"),
    [
        ({}, {}, KEY, Gate.BEARER_IN_OPEN_SPACE),
        (HEADER_SHOWN, LITERAL, KEY, Gate.BEARER_IN_OPEN_SPACE),
        (HEADER_SHOWN, {"headers": {"x-api-key": {"env": "OLD"}}}, KEY, None),
        (HEADER_SHOWN, KEY, LITERAL, None),
        (HEADER_SHOWN, KEY, {"headers": {}}, None),
    ],
    ids=["added", "was a literal", "another secret", "becomes a literal", "taken away"],
)
def test_a_header_that_becomes_a_secret_for_the_whole_company(
    before: dict[str, Any], applied: dict[str, Any], after: dict[str, Any], expected: Gate | None
) -> None:
    made = plan(
        [server("desk", {**after, "spaces": ["company"]})],
        snapshot(live_server("rms_1", {**before, "spaces": [COMPANY_ID]})),
        state({"MCPServer/desk": owned("rms_1", {**applied, "spaces": ["company"]})}),
    )
    assert gate(change_of(made, "MCPServer/desk")) is expected


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ({"auth": BEARER}, {"auth": SHOWN}),
        ({}, {"auth": SHOWN}),
        (KEY, HEADER_SHOWN),
        ({}, HEADER_SHOWN),
    ],
    ids=["bearer", "bearer set by hand", "secret header", "header set by hand"],
)
@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("managed", [True, False])
def test_opening_a_space_where_a_server_with_a_shared_credential_shows(
    wanted: dict[str, Any], there: dict[str, Any], shown: bool, managed: bool
) -> None:
    placed = {"spaces": ["v"] if shown else []} if managed else {}
    known = state(
        {
            "MCPServer/desk": owned("rms_1", wanted),
            "Space/v": owned("vlt_3", {"access": "restricted"}),
        }
    )
    made = plan(
        [space("v", {"access": "open"}), server("desk", {**wanted, **placed})],
        snapshot(live_server("rms_1", {**there, "spaces": ["vlt_3"] * shown}), CLOSED_SPACE),
        known,
        allow=["open-space"],
    )
    found = gate(change_of(made, "Space/v"))
    assert found is (Gate.BEARER_IN_OPEN_SPACE if shown else None)


def test_a_manifest_that_takes_headers_away_is_no_danger_in_the_space_it_opens() -> None:
    made = plan(
        [space("v", {"access": "open"}), server("desk", {"headers": {}, "spaces": ["v"]})],
        snapshot(live_server("rms_1", {**HEADER_SHOWN, "spaces": ["vlt_3"]}), CLOSED_SPACE),
        state(
            {
                "MCPServer/desk": owned("rms_1", KEY),
                "Space/v": owned("vlt_3", {"access": "restricted"}),
            }
        ),
        allow=["open-space"],
    )
    assert gate(change_of(made, "Space/v")) is None


def test_the_refusal_names_the_header_and_who_gets_it() -> None:
    made = plan([server("desk", {**KEY, "spaces": ["company"]})], snapshot())
    refusal = change_of(made, "MCPServer/desk").refusal
    assert refusal is not None
    assert "sends one secret as `X-Api-Key`" in refusal.diagnostic.message
    assert "the whole company" in refusal.diagnostic.message


@pytest.mark.parametrize(
    ("secret", "there"), [({"auth": BEARER}, {"auth": SHOWN}), (KEY, HEADER_SHOWN)]
)
def test_an_edit_of_a_server_that_everybody_shares_already_takes_no_agreement(
    secret: dict[str, Any], there: dict[str, Any]
) -> None:
    wanted = {**secret, "spaces": ["company"], "description": "new"}
    made = plan(
        [server("desk", wanted)],
        snapshot(live_server("rms_1", {**there, "spaces": [COMPANY_ID], "description": "old"})),
        state({"MCPServer/desk": owned("rms_1", {**wanted, "description": "old"})}),
    )
    assert gate(change_of(made, "MCPServer/desk")) is None


def test_opening_a_space_with_a_bearer_server_trips_both_gates_and_names_both() -> None:
    known = state(
        {
            "MCPServer/desk": owned("rms_1", {"auth": BEARER}),
            "Space/v": owned("vlt_3", {"access": "restricted"}),
        }
    )

    def made(*allow: str) -> Plan:
        return plan(
            [space("v", {"access": "open"}), server("desk", {"auth": BEARER, "spaces": ["v"]})],
            snapshot(live_server("rms_1", {"auth": SHOWN, "spaces": ["vlt_3"]}), CLOSED_SPACE),
            known,
            allow=allow,
        )

    refused = change_of(made(), "Space/v").refusal
    assert refused is not None
    assert refused.gate is Gate.OPEN_SPACE
    assert "gate bearer-in-open-space, too: MCPServer/desk" in refused.diagnostic.notes[1]
    assert "--allow open-space --allow bearer-in-open-space" in refused.diagnostic.help[0]
    assert gate(change_of(made("open-space"), "Space/v")) is Gate.BEARER_IN_OPEN_SPACE
    assert gate(change_of(made("open-space", "bearer-in-open-space"), "Space/v")) is None


ANA, BEN = "ana@acme.example", "Ben@acme.example"


def team(people: list[str]) -> dict[str, Any]:
    """A restricted space with these members."""
    return {"access": "restricted", "members": people}


def with_caller(people: list[str], caller: str) -> Snapshot:
    """A workspace with a space, a directory of two administrators, and who reads it."""
    directory = Directory(
        members=frozenset({ANA, BEN.lower(), "uma@acme.example"}),
        admins=frozenset({ANA, BEN.lower()}),
    )
    there = snapshot(live_space("vlt_1", {"displayName": "Team", **team(people)}))
    return replace(there, directory=directory, caller=caller)


def test_nobody_removes_themselves_unasked() -> None:
    there = with_caller([ANA, BEN], ANA.upper())
    change = space_change(team([ANA, BEN]), team([BEN]), whole=there)
    assert gate(change) is Gate.REMOVE_SELF
    other = space_change(team([ANA, BEN]), team([ANA]), whole=there)
    assert gate(other) is None


@pytest.mark.parametrize(
    ("left", "least", "expected"),
    [([ANA], 2, Gate.MIN_ADMINS), ([ANA], 1, None), ([ANA], None, None), ([], 1, Gate.MIN_ADMINS)],
)
def test_a_restricted_space_keeps_its_administrators(
    left: list[str], least: int | None, expected: Gate | None
) -> None:
    there = with_caller([ANA, BEN], "")
    guards = Guards(minAdmins=least)
    change = space_change(team([ANA, BEN]), team(left), whole=there, guards=guards)
    assert gate(change) is expected


def test_a_manifest_may_leave_a_gate_open_and_no_other() -> None:
    guards = Guards(allow=("open-space",))
    assert gate(space_change(*OPENS, guards=guards)) is None
    lower = ({"tools": {"a": tool("high")}}, {"tools": {"a": {"stake": "low"}}})
    assert gate(server_change(*lower, guards=guards)) is Gate.LOWER_STAKE


def test_several_stakes_are_one_refusal_that_tells_each() -> None:
    before = {"tools": {"a": tool("high"), "b": tool("medium")}}
    change = server_change(before, {"tools": {"default": {"stake": "never_ask"}}})
    assert change.refusal is not None
    assert "`a` from high" in change.refusal.diagnostic.message
    assert "`b` from medium" in change.refusal.diagnostic.message


def test_a_dangerous_change_holds_back_nothing_else() -> None:
    known = state({"Space/team": owned("vlt_1", {"access": "restricted"})})
    made = plan(
        [space("team", {"access": "open"}), space("other")],
        snapshot(live_space("vlt_1", {"displayName": "team"})),
        known,
    )
    assert [str(change.address) for change in made.runnable] == ["Space/other"]


def test_a_creation_that_was_interrupted_goes_on_unasked() -> None:
    known = state({"MCPServer/desk": owned("rms_1", {})})
    made = plan(
        [server("desk", {"displayName": "Desk", "tools": {"a": {"stake": "low"}}})],
        snapshot(live_server("rms_1", {"displayName": "Desk", "tools": {"a": tool("high")}})),
        known,
    )
    assert made.refused == ()


def test_the_command_line_knows_every_gate_that_may_be_overridden() -> None:
    assert set(GATES) <= {item.value for item in Gate}
    assert set(GATES) == {"max-deletes", "suspicious-read", "min-admins", *get_args(Transition)}
