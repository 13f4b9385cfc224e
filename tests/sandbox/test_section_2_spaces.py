"""Section 2: spaces, membership, groups."""

import pytest

from tests.parts.mcp_servers import McpServer
from tests.sandbox.world import (
    World,
    group,
    make_server,
    make_space,
    person,
    refused,
    space_body,
    space_named,
)


def test_a_new_space_answers_its_base_only(world: World) -> None:
    body = space_body("  Sales ")
    response = world.admin.post("/spaces", json=body)
    assert response.status_code == 201
    space = response.json()["space"]
    assert space.pop("sId").startswith("vlt_")
    assert isinstance(space.pop("createdAt"), int)
    assert isinstance(space.pop("updatedAt"), int)
    assert space == {"name": "Sales", "kind": "regular", "managementMode": "manual"}


@pytest.mark.parametrize(
    "missing", ["name", "isRestricted", "spaceKind", "managementMode", "memberIds"]
)
def test_every_field_of_create_is_required(world: World, missing: str) -> None:
    body = space_body("Incomplete")
    del body[missing]
    refused(world.admin.post("/spaces", json=body), 400, "invalid_request_error")


@pytest.mark.parametrize("kind", ["global", "system", "cellar"])
def test_only_regular_spaces_and_projects_can_be_created(world: World, kind: str) -> None:
    body = space_body("Of a wrong kind", spaceKind=kind)
    refused(world.admin.post("/spaces", json=body), 400, "invalid_request_error")


def test_names_are_unique_ignoring_case_and_blanks(world: World) -> None:
    make_space(world.admin, "Unique")
    for name in ("Unique", " uNIQUE "):
        body = space_body(name, isRestricted=False)
        refused(world.admin.post("/spaces", json=body), 400, "space_already_exists")


def test_names_are_not_patterns(world: World) -> None:
    make_space(world.admin, "Pattern one")
    make_space(world.admin, "Pattern_one")
    make_space(world.admin, "Pattern%")


def test_names_of_hidden_kinds_are_taken_too(world: World) -> None:
    assert world.user.read("/spaces/check-name", name="conversations") == {"available": False}
    assert world.user.read("/spaces/check-name", name=" VAULT ") == {"available": False}
    assert world.user.read("/spaces/check-name", name="Fresh") == {"available": True}
    refused(world.user.get("/spaces/check-name"), 400, "invalid_request_error")


def test_unknown_members_are_dropped_on_create_and_unknown_groups_crash(world: World) -> None:
    ben = person(world.admin, "ben@acme.example")
    space = make_space(world.admin, "Dropping", memberIds=[ben, "usr_unknown"])
    members = world.admin.read(f"/spaces/{space}")["space"]["members"]
    assert [each["email"] for each in members] == ["ben@acme.example"]
    body = space_body("Crashing", managementMode="group", groupIds=["grp_unknown"])
    refused(world.admin.post("/spaces", json=body), 500, "internal_server_error")


def test_groups_nobody_manages_can_not_be_attached(world: World) -> None:
    everyone = world.admin.read("/groups")["groups"][0]
    assert everyone["kind"] == "global"
    body = space_body("All of us", managementMode="group", groupIds=[everyone["sId"]])
    refused(world.admin.post("/spaces", json=body), 400, "invalid_request_error")


def test_the_plan_limits_regular_spaces(world: World) -> None:
    body = space_body("One too many")
    refused(world.other.post("/spaces", json=body), 403, "plan_limit_error")


def test_a_list_shows_what_the_caller_is_a_member_of(world: World) -> None:
    def names(spaces: list[dict[str, str]]) -> set[str]:
        return {each["name"] for each in spaces} & {"Vault", "Lounge", "System", "Conversations"}

    assert names(world.user.read("/spaces")["spaces"]) == {"Lounge"}
    assert names(world.admin.read("/spaces")["spaces"]) == {"Lounge"}
    assert names(world.builder.read("/spaces")["spaces"]) == {"Lounge", "Vault"}
    everything = world.admin.read("/spaces", role="admin")["spaces"]
    assert names(everything) == {"Lounge", "Vault", "System"}


def test_lists_filter_by_kind_and_refuse_unknown_kinds(world: World) -> None:
    spaces = world.admin.read("/spaces", role="admin", kind="system")["spaces"]
    assert [each["kind"] for each in spaces] == ["system"]
    refused(world.admin.get("/spaces?kind=cellar"), 400, "invalid_request_error")


def test_openness_is_read_from_one_space_only(world: World) -> None:
    listed = world.admin.read("/spaces", role="admin")["spaces"]
    assert all("groupIds" in each and "isRestricted" not in each for each in listed)
    for name, restricted in (("Vault", True), ("Lounge", False), ("Company Data", False)):
        space = world.admin.read(f"/spaces/{space_named(world.admin, name)}")["space"]
        assert space["isRestricted"] is restricted


def test_one_space_tells_members_and_groups_apart(world: World) -> None:
    space = world.admin.read(f"/spaces/{space_named(world.admin, 'Vault')}")["space"]
    assert [each["email"] for each in space["members"]] == ["ben@acme.example"]
    assert [(each["name"], each["kind"], each["role"]) for each in space["groups"]] == [
        ("Finance team", "provisioned", "member")
    ]
    assert space["managementMode"] == "group"
    assert space["isMember"] is False
    assert space["canRead"] is True


def test_a_space_counts_manual_tools_only(world: World) -> None:
    world.admin.read("/mcp")  # brings the automatic tools in
    company = space_named(world.admin, "Company Data")
    actions = world.admin.read(f"/spaces/{company}")["space"]["categories"]["actions"]
    assert actions["count"] == 1


def test_conversations_can_not_be_had(world: World) -> None:
    spaces = world.admin.read("/spaces", role="admin", kind="conversations")["spaces"]
    assert spaces == []


def test_rename_keeps_everything_else(world: World) -> None:
    space = make_space(world.admin, "Before")
    answer = world.admin.write("PATCH", f"/spaces/{space}", {"name": " After ", "isRestricted": 1})
    assert answer["space"]["name"] == "After"
    assert world.admin.read(f"/spaces/{space}")["space"]["isRestricted"] is True
    make_space(world.admin, "Before")


def test_rename_conflicts_and_limits(world: World) -> None:
    space = make_space(world.admin, "Steady")
    api, path = world.admin, f"/spaces/{space}"
    message = refused(api.patch(path, json={"name": "vault"}), 400, "invalid_request_error")
    assert message == "This space name is already used."
    assert api.patch(path, json={"name": "n" * 256}).status_code == 200
    refused(api.patch(path, json={"name": "n" * 257}), 400, "invalid_request_error")


def test_the_company_space_can_not_be_renamed(world: World) -> None:
    company = space_named(world.admin, "Company Data")
    response = world.admin.patch(f"/spaces/{company}", json={"name": "Us"})
    refused(response, 400, "invalid_request_error")


def test_membership_is_written_whole(world: World) -> None:
    api = world.admin
    ben, uma = person(api, "ben@acme.example"), person(api, "uma@acme.example")
    team = group(api, "Finance team")
    path = f"/spaces/{make_space(api, 'Whole')}"
    api.write(
        "PATCH",
        f"{path}/members",
        {"isRestricted": True, "memberIds": [ben, uma], "groupIds": [team]},
    )
    full = api.read(path)["space"]
    assert {each["email"] for each in full["members"]} == {"ben@acme.example", "uma@acme.example"}
    assert [each["name"] for each in full["groups"]] == ["Finance team"]
    api.write("PATCH", f"{path}/members", {"isRestricted": False})
    emptied = api.read(path)["space"]
    assert (emptied["members"], emptied["groups"]) == ([], [])
    assert emptied["isRestricted"] is False


def test_name_in_a_members_body_never_renames(world: World) -> None:
    api = world.admin
    path = f"/spaces/{make_space(api, 'Steadfast')}"
    body = {"isRestricted": True, "name": "Other", "managementMode": "manual", "memberIds": []}
    api.write("PATCH", f"{path}/members", body)
    assert api.read(path)["space"]["name"] == "Steadfast"


def test_members_of_attached_groups_may_read(world: World) -> None:
    api = world.admin
    uma = person(api, "uma@acme.example")
    made = api.write("POST", "/groups", {"name": "Uma's", "memberIds": [uma]})["group"]
    assert made["memberCount"] == 1
    path = f"/spaces/{make_space(api, 'Through a group')}"
    assert world.user.get(path).status_code == 404
    api.write("PATCH", f"{path}/members", {"isRestricted": True, "groupIds": [made["sId"]]})
    assert world.user.get(path).status_code == 200


def test_membership_refuses_strangers(world: World) -> None:
    api = world.admin
    path = f"/spaces/{make_space(api, 'Strict')}/members"
    olga = person(world.other, "olga@globex.example")
    everyone = group(api, "Workspace")

    def patch(**lists: list[str]) -> tuple[int, str]:
        response = api.patch(path, json={"isRestricted": True, **lists})
        return response.status_code, response.json()["error"]["type"]

    assert patch(memberIds=["usr_unknown"]) == (404, "user_not_found")
    assert patch(groupIds=["grp_unknown"]) == (404, "group_not_found")
    assert patch(memberIds=[olga]) == (400, "invalid_request_error")
    assert patch(groupIds=[everyone]) == (400, "invalid_request_error")
    ben = person(api, "ben@acme.example")
    assert patch(memberIds=[ben], editorIds=[ben]) == (500, "internal_server_error")


def test_a_refused_membership_changes_nothing(world: World) -> None:
    api = world.admin
    ben = person(api, "ben@acme.example")
    path = f"/spaces/{make_space(api, 'Intact', memberIds=[ben])}"
    body = {"isRestricted": False, "memberIds": ["usr_unknown"]}
    assert api.patch(f"{path}/members", json=body).status_code == 404
    space = api.read(path)["space"]
    assert space["isRestricted"] is True
    assert len(space["members"]) == 1


def test_only_spaces_of_people_have_members(world: World) -> None:
    company = space_named(world.admin, "Company Data")
    response = world.admin.patch(f"/spaces/{company}/members", json={"isRestricted": True})
    refused(response, 400, "invalid_request_error")


def test_posting_members_adds_and_removes_nobody(world: World) -> None:
    api = world.admin
    ben, uma = person(api, "ben@acme.example"), person(api, "uma@acme.example")
    path = f"/spaces/{make_space(api, 'Growing', memberIds=[ben])}"
    api.write("POST", f"{path}/members", {"memberIds": [uma, ben]})
    assert len(api.read(path)["space"]["members"]) == 2
    refused(api.post(f"{path}/members", json={"memberIds": ["usr_unknown"]}), 404, "user_not_found")
    for people in ([], [ben] * 101):
        response = api.post(f"{path}/members", json={"memberIds": people})
        refused(response, 400, "invalid_request_error")


def test_an_older_deployment_wants_name_and_mode(world: World) -> None:
    api = world.other
    path = f"/spaces/{space_named(api, 'Den')}"
    refused(
        api.patch(f"{path}/members", json={"isRestricted": True, "memberIds": []}),
        400,
        "invalid_request_error",
    )
    team, olga = group(api, "Night shift"), person(api, "olga@globex.example")
    both = {"isRestricted": True, "name": "Den", "memberIds": [olga], "groupIds": [team]}
    api.write("PATCH", f"{path}/members", {**both, "managementMode": "group"})
    space = api.read(path)["space"]
    assert (len(space["members"]), len(space["groups"])) == (0, 1)
    api.write("PATCH", f"{path}/members", {**both, "managementMode": "manual"})
    space = api.read(path)["space"]
    assert (len(space["members"]), len(space["groups"])) == (1, 0)


def test_groups_must_be_asked_for_by_kind(world: World) -> None:
    by_default = {each["kind"] for each in world.user.read("/groups")["groups"]}
    assert by_default == {"global", "regular_auto"}
    named = world.user.read("/groups", kind=["provisioned", "regular_manual"])["groups"]
    assert {"Finance team", "Hand-made"} <= {each["name"] for each in named}


def test_groups_of_a_space_and_their_members(world: World) -> None:
    vault = space_named(world.admin, "Vault")
    groups = world.admin.read("/groups", kind="provisioned", spaceId=vault, withMembers="true")
    (team,) = groups["groups"]
    assert team["name"] == "Finance team"
    assert [each["email"] for each in team["members"]] == ["eve@acme.example"]


def test_a_group_name_is_taken_once(world: World) -> None:
    body = {"name": "Twice", "memberIds": []}
    world.admin.write("POST", "/groups", body)
    assert world.admin.post("/groups", json=body).status_code == 409


def test_deleting_a_space_frees_its_name_and_takes_its_views(
    world: World, open_server: McpServer
) -> None:
    api = world.admin
    space = make_space(api, "Short-lived")
    server = make_server(api, open_server.url)
    api.write("POST", f"/spaces/{space}/mcp_views", {"mcpServerId": server})
    assert api.write("DELETE", f"/spaces/{space}")["space"]["sId"] == space
    refused(api.get(f"/spaces/{space}"), 404, "space_not_found")
    assert len(api.read(f"/mcp/{server}")["server"]["views"]) == 1
    refused(api.delete(f"/spaces/{space}"), 404, "space_not_found")
    make_space(api, "Short-lived")


@pytest.mark.parametrize("name", ["Company Data", "System"])
def test_the_workspaces_own_spaces_can_not_be_deleted(world: World, name: str) -> None:
    response = world.admin.delete(f"/spaces/{space_named(world.admin, name)}")
    refused(response, 500, "internal_server_error")


def test_anyone_may_open_a_project_and_edits_it(world: World) -> None:
    body = space_body("Pod", spaceKind="project")
    project = world.user.write("POST", "/spaces", body)["space"]["sId"]
    assert world.user.read(f"/spaces/{project}")["space"]["isEditor"] is True
    assert world.user.read("/spaces")["spaces"][-1]["sId"] == project
    listed = world.admin.read("/spaces", role="admin")["spaces"]
    assert project not in {each["sId"] for each in listed}
    world.user.write("PATCH", f"/spaces/{project}", {"name": "Pod two"})


def test_the_public_list_filters_by_membership_and_kinds(world: World) -> None:
    spaces = world.raw("/api/v1/w/acme/spaces?kinds=global").json()["spaces"]
    assert [each["kind"] for each in spaces] == ["global"]
    refused(world.raw("/api/v1/w/acme/spaces?kinds=cellar"), 400, "invalid_request_error")
