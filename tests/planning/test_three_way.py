"""The three-way table: who moved, for each kind of field."""

from dataclasses import replace
from typing import Any

import pytest

from reconciler.planning import Observation, Plan, Scope, make_plan
from reconciler.resources import Action, Address, FieldChange, Hidden, Path, Reason
from tests.parts.values import (
    change_of,
    field_of,
    inputs,
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

TOKEN = {"env": "GITHUB_TOKEN"}
OTHER = {"vault": "secret/mcp#token"}
AUTH_TOKEN: Path = ("auth", "token")


def server_plan(
    desired: dict[str, Any],
    live: dict[str, Any],
    applied: dict[str, Any],
    *,
    seen: dict[Path, Observation] | None = None,
    ignore: tuple[str, ...] = (),
) -> Plan:
    """A plan for one owned server."""
    wanted = server("github", desired, ignore_changes=ignore)
    verdicts = {("MCPServer/github", path): verdict for path, verdict in (seen or {}).items()}
    return plan(
        [wanted],
        snapshot(live_server("rms_1", live)),
        state({"MCPServer/github": owned("rms_1", {"url": wanted.spec["url"], **applied})}),
        observations=verdicts,
    )


def only_field(made: Plan) -> FieldChange:
    """The one field that changes."""
    (change,) = made.changes
    (field,) = change.fields
    return field


def description(desired: str, live: str, applied: str) -> Plan:
    """A plan for a server that differs in its description at most."""
    return server_plan({"description": desired}, {"description": live}, {"description": applied})


@pytest.mark.parametrize("applied", ["same", "older", "third"])
def test_equal_sides_are_no_change_whatever_was_applied(applied: str) -> None:
    made = description("same", "same", applied)
    assert made.changes == ()
    assert [str(address) for address in made.unchanged] == ["MCPServer/github"]


@pytest.mark.parametrize(
    ("desired", "live", "applied", "reason"),
    [
        ("new", "old", "old", Reason.EDITED),
        ("kept", "moved", "kept", Reason.DRIFT),
        ("new", "moved", "old", Reason.BOTH),
    ],
)
def test_a_plain_field_tells_who_moved(
    desired: str, live: str, applied: str, reason: Reason
) -> None:
    made = description(desired, live, applied)
    field = only_field(made)
    assert (field.before, field.after, field.reason) == (live, desired, reason)
    assert (made.changes[0].action, made.changes[0].reason) == (Action.UPDATE, reason)


def test_a_field_that_the_manifest_never_managed_before_counts_as_edited() -> None:
    made = server_plan({"description": "mine"}, {"description": "theirs"}, {})
    assert only_field(made).reason is Reason.EDITED


@pytest.mark.parametrize(
    ("desired", "live", "applied", "reason"),
    [
        (["a@x.io", "b@x.io"], ["a@x.io"], ["a@x.io"], Reason.EDITED),
        (["a@x.io"], [], ["a@x.io"], Reason.DRIFT),
        (["a@x.io"], ["a@x.io", "mallory@x.io"], ["a@x.io"], Reason.DRIFT),
        (["a@x.io"], ["b@x.io"], ["c@x.io"], Reason.BOTH),
        ([], ["b@x.io"], ["b@x.io"], Reason.EDITED),
    ],
)
def test_a_set_field_tells_who_moved(
    desired: list[str], live: list[str], applied: list[str], reason: Reason
) -> None:
    made = plan(
        [space("finance", {"members": desired})],
        snapshot(live_space("vlt_1", {"displayName": "finance", "members": live})),
        state({"Space/finance": owned("vlt_1", {"members": applied})}),
    )
    field = only_field(made)
    assert (field.before, field.after) == (frozenset(live), frozenset(desired))
    assert field.reason is reason


def test_order_and_repetition_in_a_set_are_no_change() -> None:
    made = plan(
        [space("finance", {"groups": ["B", "A", "B"]})],
        snapshot(live_space("vlt_1", {"displayName": "finance", "groups": ["A", "B"]})),
        state({"Space/finance": owned("vlt_1", {"groups": ["A", "B"]})}),
    )
    assert made.changes == ()


def test_letter_case_of_an_e_mail_address_is_no_change() -> None:
    made = plan(
        [space("finance", {"members": ["Ana@Acme.example"]})],
        snapshot(live_space("vlt_1", {"displayName": "finance", "members": ["ana@acme.example"]})),
        state({"Space/finance": owned("vlt_1", {})}),
    )
    assert made.changes == ()


def test_letter_case_of_a_group_is_a_change() -> None:
    made = plan(
        [space("finance", {"groups": ["Sales"]})],
        snapshot(live_space("vlt_1", {"displayName": "finance", "groups": ["sales"]})),
        state({"Space/finance": owned("vlt_1", {"groups": ["Sales"]})}),
    )
    assert only_field(made).reason is Reason.DRIFT


def test_an_absent_field_is_not_managed() -> None:
    made = server_plan({}, {"description": "theirs", "spaces": ["vlt_9"]}, {"description": "ours"})
    assert made.changes == ()


def test_an_explicit_empty_list_means_none() -> None:
    made = server_plan({"spaces": []}, {"spaces": ["vlt_all"]}, {"spaces": []})
    field = only_field(made)
    assert (field.before, field.after) == (frozenset({"company"}), frozenset())


def test_explicit_empty_headers_remove_every_header() -> None:
    made = server_plan({"headers": {}}, {"headers": {"X-A": True}}, {})
    field = only_field(made)
    assert (field.path, field.before, field.after) == (("headers", "X-A"), Hidden(), None)


def bearer(reference: dict[str, str]) -> dict[str, Any]:
    """A spec with a bearer token."""
    return {"auth": {"mode": "bearer", "token": reference}}


HAS_TOKEN = {"auth": {"mode": "bearer", "token": True}}


def test_a_secret_of_the_same_reference_is_no_change() -> None:
    made = server_plan(bearer(TOKEN), HAS_TOKEN, bearer(TOKEN))
    assert made.changes == ()


def test_a_secret_that_the_workspace_lost_is_drift() -> None:
    made = server_plan(bearer(TOKEN), {"auth": {"mode": "none"}}, bearer(TOKEN))
    (change,) = made.changes
    field = field_of(change, "auth", "token")
    assert (field.before, field.after) == (None, Hidden("env:GITHUB_TOKEN"))
    assert field.reason is Reason.DRIFT


def test_another_reference_is_an_edit_and_neither_value_shows() -> None:
    field = only_field(server_plan(bearer(OTHER), HAS_TOKEN, bearer(TOKEN)))
    assert (field.before, field.after) == (Hidden(), Hidden("vault:secret/mcp#token"))
    assert field.reason is Reason.EDITED


def test_a_rotated_secret_is_seen_by_observation() -> None:
    made = server_plan(
        bearer(TOKEN), HAS_TOKEN, bearer(TOKEN), seen={AUTH_TOKEN: Observation.ROTATED}
    )
    field = only_field(made)
    assert (field.reason, field.note) == (Reason.ROTATED, "rotated; will be written")
    assert made.changes[0].reason is Reason.ROTATED


@pytest.mark.parametrize("verdict", [Observation.SAME, Observation.NOT_COMPARED])
def test_a_secret_that_is_the_same_or_out_of_sight_is_no_change(verdict: Observation) -> None:
    made = server_plan(bearer(TOKEN), HAS_TOKEN, bearer(TOKEN), seen={AUTH_TOKEN: verdict})
    assert made.changes == ()


def fingerprinted(seen: dict[tuple[str, Path], Observation]) -> Plan:
    """A plan for a server whose token was fingerprinted."""
    wanted = server("github", bearer(TOKEN))
    entry = owned("rms_1", wanted.spec, fingerprints={AUTH_TOKEN: "scrypt:1"})
    live = snapshot(live_server("rms_1", HAS_TOKEN))
    return plan([wanted], live, state({"MCPServer/github": entry}), observations=seen)


def test_a_secret_without_a_verdict_is_told_as_not_compared() -> None:
    told = fingerprinted({}).not_compared
    assert [(str(address), path) for address, path in told] == [("MCPServer/github", AUTH_TOKEN)]


def test_a_secret_with_a_verdict_counts_as_compared() -> None:
    seen = {("MCPServer/github", AUTH_TOKEN): Observation.SAME}
    assert fingerprinted(seen).not_compared == ()


def oauth(**more: Any) -> dict[str, Any]:
    """A spec with an OAuth app."""
    auth = {
        "mode": "static-oauth",
        "clientId": "app",
        "authorizationEndpoint": "https://id.example/authorize",
        "tokenEndpoint": "https://id.example/token",
        **more,
    }
    return {"auth": auth}


STATIC = {"auth": {"mode": "static-oauth"}}


def test_a_write_only_field_that_nobody_can_read_compares_with_what_was_applied() -> None:
    assert server_plan(oauth(), STATIC, oauth()).changes == ()


def test_an_edit_of_a_write_only_field_shows_what_was_applied_before() -> None:
    changed = oauth(tokenEndpoint="https://id.example/v2/token")
    field = only_field(server_plan(changed, STATIC, oauth()))
    assert (field.before, field.after) == (
        "https://id.example/token",
        "https://id.example/v2/token",
    )
    assert field.reason is Reason.EDITED


def test_a_write_only_set_compares_as_a_set() -> None:
    made = server_plan(oauth(scopes=["b", "a"]), STATIC, oauth(scopes=["a", "b"]))
    assert made.changes == ()


def headers(**values: dict[str, str]) -> dict[str, Any]:
    """A spec with headers; `_` stands for `-`."""
    return {"headers": {name.replace("_", "-"): value for name, value in values.items()}}


def test_a_header_that_the_manifest_dropped_is_an_edit() -> None:
    made = server_plan(
        headers(), {"headers": {"X-Old": True}}, headers(X_Old={"literal": "platform"})
    )
    assert only_field(made).reason is Reason.EDITED


def test_a_header_that_somebody_added_is_drift() -> None:
    made = server_plan(headers(), {"headers": {"X-New": True}}, headers())
    assert only_field(made).reason is Reason.DRIFT


def test_headers_that_the_manifest_leaves_out_stay() -> None:
    assert server_plan({}, {"headers": {"X-New": True}}, {}).changes == ()


def test_a_header_that_the_workspace_lost_is_drift() -> None:
    kept = headers(X_Team={"literal": "platform"})
    field = only_field(server_plan(kept, {"headers": {}}, kept))
    assert (field.before, field.after, field.reason) == (None, "platform", Reason.DRIFT)


def test_header_names_have_no_letter_case() -> None:
    made = server_plan(
        headers(X_Team={"literal": "platform"}),
        {"headers": {"x-team": True}},
        headers(X_TEAM={"literal": "platform"}),
    )
    assert made.changes == ()


def test_the_default_is_spelled_out_for_every_tool_that_is_offered() -> None:
    made = server_plan(
        {"tools": {"default": {"stake": "low"}, "drop": {"enabled": False}}},
        {"tools": {"search": tool("high"), "drop": tool("low")}},
        {},
    )
    (change,) = made.changes
    assert {field.path: field.after for field in change.fields} == {
        ("tools", "search", "stake"): "low",
        ("tools", "drop", "enabled"): False,
    }


def test_a_tool_that_appears_later_drifts_from_the_default() -> None:
    wanted = {"tools": {"default": {"stake": "low"}}}
    offered = {"tools": {"search": tool("low"), "brand_new": tool("high")}}
    field = only_field(server_plan(wanted, offered, wanted))
    assert field.path == ("tools", "brand_new", "stake")
    assert (field.before, field.after, field.reason) == ("high", "low", Reason.DRIFT)


def test_a_tool_without_settings_and_default_is_not_managed() -> None:
    made = server_plan(
        {"tools": {"search": {"stake": "high"}}},
        {"tools": {"search": tool(), "drop": tool("never_ask", enabled=False)}},
        {},
    )
    assert made.changes == ()


def test_a_tool_that_is_really_called_default_gets_the_default_settings() -> None:
    field = only_field(
        server_plan({"tools": {"default": {"stake": "low"}}}, {"tools": {"default": tool()}}, {})
    )
    assert (field.path, field.after) == (("tools", "default", "stake"), "low")


def test_settings_of_a_tool_that_is_not_offered_are_a_warning_not_a_change() -> None:
    made = server_plan({"tools": {"serach": {"stake": "low"}}}, {"tools": {"search": tool()}}, {})
    assert made.changes == ()
    (warning,) = made.warnings
    assert warning.message == "the server offers no tool `serach`"
    assert warning.address == "MCPServer/github"
    assert warning.span is not None


def test_a_field_that_the_manifest_ignores_is_told_but_left_alone() -> None:
    made = server_plan(
        {"description": "ours"},
        {"description": "theirs"},
        {"description": "ours"},
        ignore=("description",),
    )
    assert made.changes == ()
    ((address, fields),) = made.ignored.items()
    assert str(address) == "MCPServer/github"
    assert [(field.path, field.before) for field in fields] == [(("description",), "theirs")]


@pytest.mark.parametrize("also", [{}, {"icon": "ActionCarIcon"}])
def test_what_is_ignored_is_located_whether_or_not_the_rest_changes(also: dict[str, str]) -> None:
    made = server_plan(
        {"description": "ours", **also}, {"description": "theirs"}, {}, ignore=("description",)
    )
    (fields,) = made.ignored.values()
    assert fields[0].span is not None


def test_a_part_tells_of_what_is_ignored_in_it_alone() -> None:
    wanted = [
        server(name, {"displayName": name, "description": "ours"}, ignore_changes=("description",))
        for name in ("part", "rest")
    ]
    live = [live_server(f"rms_{w.address.name}", {**w.spec, "description": "x"}) for w in wanted]
    remembered = state(
        {str(w.address): owned(f"rms_{w.address.name}", dict(w.spec)) for w in wanted}
    )
    part = Scope(targets=frozenset({Address("MCPServer", "part")}))
    given = replace(inputs(wanted, snapshot(*live), remembered), scope=part)
    assert [str(address) for address in make_plan(given).ignored] == ["MCPServer/part"]


def test_ignoring_a_field_ignores_all_below_it() -> None:
    made = server_plan(
        {"tools": {"default": tool("low", enabled=False)}},
        {"tools": {"search": tool(), "drop": tool()}},
        {},
        ignore=("tools.search", "tools.drop.stake"),
    )
    assert only_field(made).path == ("tools", "drop", "enabled")


def test_an_ignored_field_is_still_set_at_creation() -> None:
    wanted = server("github", {"description": "first"}, ignore_changes=("description",))
    change = change_of(plan([wanted], snapshot()), "MCPServer/github")
    assert field_of(change, "description").after == "first"


@pytest.mark.parametrize(
    ("reasons", "overall"),
    [
        (("edited", "edited"), Reason.EDITED),
        (("drift", "drift"), Reason.DRIFT),
        (("edited", "drift"), Reason.BOTH),
        (("edited", "rotated"), Reason.EDITED),
    ],
)
def test_a_change_says_the_reason_of_all_its_fields(
    reasons: tuple[str, str], overall: Reason
) -> None:
    desired: dict[str, Any] = {**bearer(TOKEN)}
    live: dict[str, Any] = {**HAS_TOKEN}
    applied: dict[str, Any] = {**bearer(TOKEN)}
    seen = {AUTH_TOKEN: Observation.ROTATED} if "rotated" in reasons else {}
    for name, reason in zip(("description", "icon"), reasons, strict=True):
        if reason != "rotated":
            desired[name] = "wanted"
            live[name] = "elsewhere"
            applied[name] = "wanted" if reason == "drift" else "elsewhere"
    assert server_plan(desired, live, applied, seen=seen).changes[0].reason is overall


def test_a_field_that_moved_on_both_sides_is_warned_of_at_its_line() -> None:
    (warning,) = description("ours", "theirs", "older").warnings
    assert warning.code == "both-changed"
    assert warning.message.startswith("`description` was changed in the workspace as well")
    assert warning.span is not None


def test_a_field_that_moved_on_one_side_is_no_warning() -> None:
    assert not tuple(description("ours", "older", "older").warnings)
    assert not tuple(description("ours", "theirs", "ours").warnings)


@pytest.mark.parametrize("spelling", ["headers.X-Team", "headers.x-team", "headers"])
def test_a_header_is_ignored_in_any_spelling(spelling: str) -> None:
    made = server_plan(
        {"headers": {"X-Team": {"literal": "b"}}},
        {"headers": {"X-Team": True}},
        {"headers": {"X-Team": {"literal": "a"}}},
        ignore=(spelling,),
    )
    assert made.changes == ()
