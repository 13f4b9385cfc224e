"""Spaces in the sandbox: created, changed, deleted, and nothing unmanaged touched."""

from dataclasses import replace
from typing import Any

import pytest

from reconciler.providers import Conflict, NotFound, Rejected, Run
from reconciler.resources import Action, Change
from reconciler.secrets import Secret
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.providers.scenes import (
    PROVIDER,
    ROOT,
    Desk,
    change,
    connect,
    refused,
    script_workspace,
    shown,
    space,
)

FINANCE = {
    "displayName": "Finance",
    "members": ["Ana@acme.example", "carl@acme.example"],
    "groups": ["Finance team"],
}


def make(desk: Desk, spec: dict[str, Any]) -> str:
    return desk.apply(change("Space/fin", Action.CREATE, spec=spec))


def update(desk: Desk, spec: dict[str, Any], *fields: str) -> None:
    live = desk.live("Space", desk.ids["fin"])
    edits = tuple(shown((field,), live.spec[field], spec[field]) for field in fields)
    desk.apply(change("Space/fin", Action.UPDATE, spec=spec, live=live, fields=edits))


def test_a_new_space_is_restricted_and_has_its_members_and_groups(desk: Desk) -> None:
    made = make(desk, FINANCE)
    assert desk.live("Space", made).spec == {
        "displayName": "Finance",
        "access": "restricted",
        "members": ["ana@acme.example", "carl@acme.example"],
        "groups": ["Finance team"],
    }
    assert desk.writes() == [("POST", "/spaces"), ("PATCH", f"/spaces/{made}/members")]


def test_a_new_space_without_groups_takes_one_write(desk: Desk) -> None:
    made = make(desk, {"displayName": "Open", "access": "open"})
    assert desk.writes() == [("POST", "/spaces")]
    assert desk.live("Space", made).spec["access"] == "open"


@pytest.mark.parametrize(
    "spec",
    [
        {"displayName": "Finance", "members": ["ana@acme.example", "who@acme.example"]},
        {"displayName": "Finance", "groups": ["Nobody's team"]},
    ],
)
def test_an_unknown_person_or_group_is_found_out_before_the_space_is_made(
    desk: Desk, spec: dict[str, Any]
) -> None:
    with pytest.raises(Rejected, match=r"who@acme|Nobody's team"):
        make(desk, spec)
    assert desk.writes() == []


def test_a_taken_name_is_refused_with_the_platforms_words(desk: Desk) -> None:
    make(desk, {"displayName": "Finance"})
    with pytest.raises(Rejected, match="space_already_exists") as caught:
        desk.apply(change("Space/other", Action.CREATE, spec={"displayName": "FINANCE"}))
    assert any("letter case aside" in line for line in caught.value.help)


def test_a_rename_touches_nothing_else(desk: Desk) -> None:
    made = make(desk, FINANCE)
    before = desk.live("Space", made)
    update(desk, {"displayName": "Money"}, "displayName")
    assert desk.writes() == [("PATCH", f"/spaces/{made}")]
    after = desk.live("Space", made)
    assert after.spec == {**before.spec, "displayName": "Money"}
    assert after.facts == before.facts


def test_opening_a_space_keeps_its_members_and_groups(desk: Desk) -> None:
    made = make(desk, FINANCE)
    before = desk.live("Space", made)
    update(desk, {"displayName": "Finance", "access": "open"}, "access")
    assert desk.live("Space", made).spec == {**before.spec, "access": "open"}


def test_setting_members_keeps_access_and_groups(desk: Desk) -> None:
    made = make(desk, {**FINANCE, "access": "open"})
    update(desk, {**FINANCE, "members": ["eve@acme.example"]}, "members")
    assert desk.live("Space", made).spec == {
        "displayName": "Finance",
        "access": "open",
        "members": ["eve@acme.example"],
        "groups": ["Finance team"],
    }


def test_an_empty_list_of_groups_removes_them_and_nothing_else(desk: Desk) -> None:
    made = make(desk, FINANCE)
    update(desk, {"displayName": "Finance", "groups": []}, "groups")
    spec = desk.live("Space", made).spec
    assert (spec["groups"], spec["members"]) == ([], ["ana@acme.example", "carl@acme.example"])


def test_members_that_are_not_as_they_were_planned_on_are_never_written_back(desk: Desk) -> None:
    # An older answer looks the same as somebody's edit, and a write would make it last.
    made = make(desk, {"displayName": "Finance"})
    live = desk.live("Space", made)
    with desk.sandbox.client_for(desk.token, desk.workspace) as person:
        people = person.read("/members")["members"]
        person.write("POST", f"/spaces/{made}/members", {"memberIds": [people[0]["sId"]]})
    spec = {"displayName": "Finance", "access": "open"}
    edit = shown(("access",), "restricted", "open")
    opening = change("Space/fin", Action.UPDATE, spec=spec, live=live, fields=(edit,))
    with pytest.raises(Conflict, match="was changed since the workspace was read"):
        desk.apply(opening)
    assert desk.live("Space", made).spec["access"] == "restricted"
    desk.apply(replace(opening, live=desk.live("Space", made)))
    now = desk.live("Space", made).spec
    assert (now["members"], now["access"]) == ([people[0]["email"]], "open")


def test_a_deleted_space_is_gone_and_deleting_it_again_is_no_failure(desk: Desk) -> None:
    made = make(desk, FINANCE)
    live = desk.live("Space", made)
    delete = change("Space/fin", Action.DELETE, live=live)
    desk.apply(delete)
    assert desk.snap().find("Space", made) is None
    desk.apply(delete)
    assert [call.status for call in desk.calls] == [404, 404, 404]  # and it says so twice


def perform(web: ScriptedHttp, planned: Change, name: str) -> None:
    """One operation against a scripted server."""
    run = Run(
        remote_id=planned.remote_id,
        resolve=lambda address: f"vlt_{address.name}",
        secret=lambda _reference: Secret("s3cr3t-s3cr3t"),
    )
    (operation,) = (each for each in PROVIDER.operations(planned) if each.name == name)
    with PROVIDER.writer(connect(web.url)) as writer:
        writer.perform(operation, planned, run)


WRITTEN = Reply(json={"space": {"sId": "vlt_a"}})


def edit_members(web: ScriptedHttp, wanted: list[str], **live: Any) -> Any:
    """Set the members of a scripted space; the body that was sent."""
    script_workspace(web)
    people = [{"sId": f"usr_{n}", "email": f"p{n}@acme.example"} for n in (1, 2, 3)]
    page = {"members": people, "total": 3, "nextPageUrl": None}
    web.on("GET", f"{ROOT}/members", Reply(json=page))
    web.on("GET", f"{ROOT}/spaces/vlt_a", Reply(json=space(**live)))
    web.on("PATCH", f"{ROOT}/spaces/vlt_a/members", WRITTEN)
    planned = change(
        "Space/a",
        Action.UPDATE,
        remote_id="vlt_a",
        spec={"displayName": "Alpha", "members": wanted},
        fields=(shown(("members",), frozenset(), frozenset(wanted)),),
    )
    perform(web, planned, "members")
    (body,) = web.bodies("PATCH", f"{ROOT}/spaces/vlt_a/members")
    return body


def test_the_whole_state_is_sent_in_the_words_of_every_version(web: ScriptedHttp) -> None:
    groups = [
        {"sId": "grp_1", "name": "Finance", "kind": "provisioned", "role": "member"},
        {"sId": "grp_2", "name": "Leads", "kind": "regular_manual", "role": "editor"},
        {"sId": "grp_9", "name": "Own", "kind": "regular_auto", "role": "member"},
    ]
    members = [{"sId": "usr_3", "email": "p3@acme.example", "isEditor": True}]
    body = edit_members(web, ["P1@acme.example", "p2@acme.example"], groups=groups, members=members)
    assert body == {
        "name": "Alpha",
        "isRestricted": True,
        "managementMode": "group",
        "memberIds": ["usr_1", "usr_2"],
        "editorIds": ["usr_3"],
        "groupIds": ["grp_1"],
        "editorGroupIds": ["grp_2"],
    }


def test_an_editor_named_as_a_member_is_in_one_list_only(web: ScriptedHttp) -> None:
    members = [{"sId": "usr_3", "email": "p3@acme.example", "isEditor": True}]
    body = edit_members(web, ["p3@acme.example"], members=members)
    assert (body["memberIds"], body["editorIds"]) == (["usr_3"], [])


def test_groups_without_ids_are_looked_up_rather_than_dropped(web: ScriptedHttp) -> None:
    script_workspace(web)
    group = {"sId": "grp_1", "name": "Finance", "kind": "provisioned"}
    web.on("GET", f"{ROOT}/spaces/vlt_a", Reply(json=space(groups=None)))
    web.on("GET", f"{ROOT}/groups", Reply(json={"groups": [group]}))
    web.on("PATCH", f"{ROOT}/spaces/vlt_a/members", WRITTEN)
    planned = change(
        "Space/a",
        Action.UPDATE,
        remote_id="vlt_a",
        spec={"displayName": "Alpha", "access": "open"},
        fields=(shown(("access",), "restricted", "open"),),
    )
    perform(web, planned, "members")
    (body,) = web.bodies("PATCH", f"{ROOT}/spaces/vlt_a/members")
    assert (body["groupIds"], body["managementMode"]) == (["grp_1"], "group")
    assert body["isRestricted"] is False


def test_a_group_name_that_two_groups_have_is_refused(web: ScriptedHttp) -> None:
    script_workspace(web)
    twice = [{"sId": f"grp_{n}", "name": "Leads", "kind": "provisioned"} for n in (1, 2)]
    web.on("GET", f"{ROOT}/groups", Reply(json={"groups": twice}))
    planned = change("Space/x", Action.CREATE, spec={"displayName": "X", "groups": ["Leads"]})
    with pytest.raises(Rejected, match="several groups are called `Leads`"):
        perform(web, planned, "create")
    assert web.calls(writes_only=True) == []


def test_a_space_in_use_is_not_deleted_by_force(web: ScriptedHttp) -> None:
    web.on(
        "DELETE",
        f"{ROOT}/spaces/vlt_a",
        refused(400, "invalid_request_error", "Used by the agent Bookkeeper."),
    )
    planned = change("Space/a", Action.DELETE, remote_id="vlt_a")
    with pytest.raises(Rejected, match="Bookkeeper") as caught:
        perform(web, planned, "delete")
    assert "never forces" in caught.value.help[0]
    assert web.log[0].query == ()


def test_an_update_of_a_space_that_is_gone_says_so(web: ScriptedHttp) -> None:
    web.on("PATCH", f"{ROOT}/spaces/vlt_a", refused(404, "space_not_found"))
    planned = change(
        "Space/a",
        Action.UPDATE,
        remote_id="vlt_a",
        spec={"displayName": "New"},
        fields=(shown(("displayName",), "Old", "New"),),
    )
    with pytest.raises(NotFound):
        perform(web, planned, "rename")
