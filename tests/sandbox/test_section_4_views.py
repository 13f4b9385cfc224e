"""Section 4: views: where servers are, and their shared names."""

from typing import Any

import pytest

from tests.parts.mcp_servers import McpServer
from tests.sandbox.world import (
    KEY,
    World,
    make_server,
    make_space,
    refused,
    space_body,
    space_named,
    system_view,
)


def activate(world: World, space: str, server: str) -> dict[str, Any]:
    """Put a server into a space; the view."""
    answer = world.admin.write("POST", f"/spaces/{space}/mcp_views", {"mcpServerId": server})
    view: dict[str, Any] = answer["serverView"]
    return view


def spaces_of(world: World, server: str) -> set[str]:
    """Where a server is, the system space apart."""
    views = world.admin.read(f"/mcp/{server}")["server"]["views"]
    return {each["spaceId"] for each in views} - {space_named(world.admin, "System")}


def test_a_new_view_copies_the_system_view(world: World, open_server: McpServer) -> None:
    api = world.admin
    server = make_server(api, open_server.url, viewName="Copied", useCase="platform_actions")
    path = f"/mcp/views/{system_view(api, server)['sId']}"
    api.write("PATCH", path, {"name": "Copied", "description": "About it"})
    space = make_space(api, "Copies")
    response = api.post(f"/spaces/{space}/mcp_views", json={"mcpServerId": server})
    assert response.status_code == 200
    view = response.json()["serverView"]
    assert view["sId"].startswith("mcpsv_")
    expected = {
        "name": "Copied",
        "description": "About it",
        "spaceId": space,
        "serverType": "remote",
        "oAuthUseCase": "platform_actions",
        "isRestrictedToSkills": False,
        "toolsMetadata": [],
    }
    assert {key: view[key] for key in expected} == expected
    assert view["server"]["sId"] == server


def test_a_server_is_put_into_a_space_once(world: World, open_server: McpServer) -> None:
    space, server = make_space(world.admin, "Once"), make_server(world.admin, open_server.url)
    activate(world, space, server)
    response = world.admin.post(f"/spaces/{space}/mcp_views", json={"mcpServerId": server})
    message = refused(response, 400, "invalid_request_error")
    assert "An existing Tool is already using the name" in message


def test_two_servers_of_one_name_do_not_share_a_space(world: World, open_server: McpServer) -> None:
    first, second = (make_server(world.admin, open_server.url) for _ in range(2))
    space, other = make_space(world.admin, "Crowded"), make_space(world.admin, "Roomy")
    activate(world, space, first)
    response = world.admin.post(f"/spaces/{space}/mcp_views", json={"mcpServerId": second})
    refused(response, 400, "invalid_request_error")
    activate(world, other, second)


def test_only_regular_and_company_spaces_take_tools(world: World, open_server: McpServer) -> None:
    api = world.admin
    server = make_server(api, open_server.url)
    body = space_body("Tool-free pod", spaceKind="project")
    project = api.write("POST", "/spaces", body)["space"]["sId"]
    for space in (project, space_named(api, "System")):
        response = api.post(f"/spaces/{space}/mcp_views", json={"mcpServerId": server})
        refused(response, 400, "invalid_request_error")


def test_the_company_view_deletes_the_others(world: World, open_server: McpServer) -> None:
    api = world.admin
    server = make_server(api, open_server.url, viewName="Promoted")
    company = space_named(api, "Company Data")
    for name in ("Left one", "Left two"):
        activate(world, make_space(api, name), server)
    assert len(spaces_of(world, server)) == 2
    view = activate(world, company, server)
    assert spaces_of(world, server) == {company}
    api.write("DELETE", f"/spaces/{company}/mcp_views/{view['sId']}")
    assert spaces_of(world, server) == set()


def test_a_company_wide_server_may_still_enter_a_space(
    world: World, open_server: McpServer
) -> None:
    server = make_server(world.admin, open_server.url, viewName="Both", includeGlobal=True)
    space = make_space(world.admin, "Beside the company")
    activate(world, space, server)
    assert len(spaces_of(world, server)) == 2


def test_deleting_a_view_leaves_the_server(world: World, open_server: McpServer) -> None:
    api = world.admin
    server = make_server(api, open_server.url)
    space, other = make_space(api, "From here"), make_space(api, "Not from here")
    view = activate(world, space, server)["sId"]
    refused(api.delete(f"/spaces/{other}/mcp_views/{view}"), 404, "data_source_not_found")
    assert api.write("DELETE", f"/spaces/{space}/mcp_views/{view}") == {"deleted": True}
    refused(api.delete(f"/spaces/{space}/mcp_views/{view}"), 404, "data_source_not_found")
    assert api.read(f"/mcp/{server}")["server"]["sId"] == server


def test_a_system_view_goes_with_its_server_only(world: World, open_server: McpServer) -> None:
    api = world.admin
    view = system_view(api, make_server(api, open_server.url))
    response = api.delete(f"/spaces/{view['spaceId']}/mcp_views/{view['sId']}")
    refused(response, 400, "invalid_request_error")


def test_a_rename_reaches_every_view_but_not_the_server(
    world: World, open_server: McpServer
) -> None:
    api = world.admin
    server = make_server(api, open_server.url)
    activate(world, make_space(api, "Sees the rename"), server)
    view = system_view(api, server)["sId"]
    body = {"name": "Renamed", "description": "New words"}
    answer = api.write("PATCH", f"/mcp/views/{view}", body)
    assert answer["success"] is True
    assert answer["serverView"]["name"] == "Renamed"
    found = api.read(f"/mcp/{server}")["server"]
    assert found["name"] == "demo"
    assert {(each["name"], each["description"]) for each in found["views"]} == {
        ("Renamed", "New words")
    }


def test_null_leaves_a_name_as_it_is(world: World, open_server: McpServer) -> None:
    api = world.admin
    view = system_view(api, make_server(api, open_server.url))["sId"]
    api.write("PATCH", f"/mcp/views/{view}", {"name": "Sticky", "description": None})
    api.write("PATCH", f"/mcp/views/{view}", {"name": None, "description": "Set"})
    found = api.read(f"/mcp/views/{view}")["serverView"]
    assert (found["name"], found["description"]) == ("Sticky", "Set")


@pytest.mark.parametrize("body", [{"name": "alone"}, {"description": "alone"}, {}])
def test_name_and_description_go_together(
    world: World, open_server: McpServer, body: dict[str, str]
) -> None:
    view = system_view(world.admin, make_server(world.admin, open_server.url))["sId"]
    response = world.admin.patch(f"/mcp/views/{view}", json=body)
    refused(response, 400, "invalid_request_error")


def test_only_the_system_view_is_edited(world: World, open_server: McpServer) -> None:
    space, server = make_space(world.admin, "No edits"), make_server(world.admin, open_server.url)
    view = activate(world, space, server)["sId"]
    body = {"name": "a", "description": "b"}
    message = refused(
        world.admin.patch(f"/mcp/views/{view}", json=body), 400, "invalid_request_error"
    )
    assert message == "Updates can only be performed on system views."
    missing = world.admin.patch("/mcp/views/mcpsv_unknown00000", json=body)
    refused(missing, 404, "mcp_server_view_not_found")


def test_names_are_unique_in_the_workspace_on_rename(world: World, open_server: McpServer) -> None:
    api = world.admin
    make_server(api, open_server.url, viewName="Taken name")
    view = system_view(api, make_server(api, open_server.url, viewName="Free"))["sId"]

    def rename(name: str) -> Any:
        return api.patch(f"/mcp/views/{view}", json={"name": name, "description": None})

    assert "'Taken name'" in refused(rename("Taken name"), 400, "invalid_request_error")
    assert rename("Free").status_code == 200


def test_names_that_crop_to_the_same_tool_names_conflict(
    world: World, open_server: McpServer
) -> None:
    api = world.admin
    long = "a very long name of a server that goes on and on and on until it is cropped"
    make_server(api, open_server.url, viewName=f"{long} one")
    view = system_view(api, make_server(api, open_server.url, viewName="Croppable"))["sId"]
    response = api.patch(f"/mcp/views/{view}", json={"name": f"{long} two", "description": None})
    assert f"{long} two" in refused(response, 400, "invalid_request_error")


def test_names_longer_than_the_column_crash(world: World, open_server: McpServer) -> None:
    view = system_view(world.admin, make_server(world.admin, open_server.url))["sId"]
    for body in (
        {"name": "n" * 256, "description": None},
        {"name": None, "description": "d" * 256},
    ):
        response = world.admin.patch(f"/mcp/views/{view}", json=body)
        refused(response, 500, "internal_server_error")


def test_the_use_case_wins_a_mixed_body_and_keeps_the_pinned_scope(
    world: World, bearer_server: McpServer
) -> None:
    api = world.admin
    server = make_server(api, bearer_server.url, connectionId="con_ana", viewName="Scoped")
    path = f"/mcp/views/{system_view(api, server)['sId']}"

    def patch(body: dict[str, Any]) -> tuple[str, str]:
        view = api.write("PATCH", path, body)["serverView"]
        return view["oAuthUseCase"], view["server"]["authorization"]["scope"]

    assert patch({"oAuthUseCase": "personal_actions"}) == ("personal_actions", "read write")
    pinned = {"oAuthUseCase": "platform_actions", "oauthScope": "read"}
    assert patch(pinned) == ("platform_actions", "read")
    mixed = {"oAuthUseCase": "personal_actions", "name": "Ignored", "description": "Ignored"}
    assert patch(mixed) == ("personal_actions", "read")
    assert system_view(api, server)["name"] == "Scoped"


def test_views_for_skills_are_hidden_unless_asked_for(world: World, open_server: McpServer) -> None:
    api = world.admin
    space, server = make_space(api, "Skilled"), make_server(api, open_server.url)
    view = activate(world, space, server)["sId"]
    path = f"/mcp/views/{system_view(api, server)['sId']}"
    api.write("PATCH", path, {"isRestrictedToSkills": True})
    query = {"spaceIds": space, "availabilities": "manual"}
    assert api.read("/mcp/views", **query)["serverViews"] == []
    shown = api.read("/mcp/views", **query, includeRestrictedToSkills="true")["serverViews"]
    assert [each["sId"] for each in shown] == [view]


def test_views_are_listed_by_space_and_availability(world: World, open_server: McpServer) -> None:
    api = world.admin
    space = make_space(api, "Listed")
    first = activate(world, space, make_server(api, open_server.url, viewName="L2"))["sId"]
    second = activate(world, space, make_server(api, open_server.url, viewName="L1"))["sId"]
    listed = api.read(f"/spaces/{space}/mcp_views")
    assert listed["success"] is True
    assert [each["sId"] for each in listed["serverViews"]] == [first, second]
    auto = api.read(f"/spaces/{space}/mcp_views", availability="auto")
    assert auto["serverViews"] == []
    refused(api.get(f"/spaces/{space}/mcp_views?availability=x"), 400, "invalid_request_error")
    for query in ("", "?availabilities=", "?availabilities=manual,x"):
        refused(api.get(f"/mcp/views{query}"), 400, "invalid_request_error")


def test_without_spaces_the_callers_own_are_taken(world: World, open_server: McpServer) -> None:
    api = world.admin
    server = make_server(api, open_server.url, viewName="In the vault")
    view = activate(world, space_named(api, "Vault"), server)["sId"]

    def seen(client: Any) -> set[str]:
        views = client.read("/mcp/views", availabilities="manual")["serverViews"]
        return {each["sId"] for each in views}

    assert view in seen(world.builder)
    assert view not in seen(world.user)
    assert view not in seen(world.admin)


def test_a_view_is_read_by_who_reads_its_space(world: World, open_server: McpServer) -> None:
    server = make_server(world.admin, open_server.url, viewName="Private view")
    view = activate(world, space_named(world.admin, "Vault"), server)["sId"]
    assert world.builder.read(f"/mcp/views/{view}")["serverView"]["sId"] == view
    refused(world.user.get(f"/mcp/views/{view}"), 404, "mcp_server_view_not_found")
    mine = world.user.read(f"/mcp/{server}")["server"]["views"]
    assert mine == []


def test_system_views_enumerate_the_servers(world: World) -> None:
    system = space_named(world.admin, "System")
    views = world.admin.read(f"/spaces/{system}/mcp_views", availability="all")["serverViews"]
    servers = [each["sId"] for each in world.admin.read("/mcp")["servers"] if each["views"]]
    assert sorted(each["server"]["sId"] for each in views) == sorted(servers)


def test_what_a_space_lacks_is_listed(world: World, open_server: McpServer) -> None:
    api = world.admin
    space = make_space(api, "Lacking")
    inside, outside = (make_server(api, open_server.url, viewName=n) for n in ("In", "Out"))
    activate(world, space, inside)
    lacking = api.read(f"/spaces/{space}/mcp_views/not_activated")["serverViews"]
    servers = {each["server"]["sId"] for each in lacking}
    assert outside in servers
    assert inside not in servers
    available = {each["sId"] for each in api.read(f"/spaces/{space}/mcp/available")["servers"]}
    assert available == servers
    here = [each["sId"] for each in api.read(f"/spaces/{space}/mcp")["servers"]]
    assert here == [inside]


def test_the_public_family_reads_views(world: World) -> None:
    lounge = space_named(world.admin, "Lounge")
    path = f"/api/v1/w/acme/spaces/{lounge}/mcp_server_views"
    views = world.raw(path, KEY).json()["serverViews"]
    assert [each["server"]["name"] for each in views] == ["used"]
    company = space_named(world.admin, "Company Data")
    path = f"/api/v1/w/acme/spaces/{company}/mcp_server_views?includeAuto=true"
    kinds = {each["server"]["availability"] for each in world.raw(path).json()["serverViews"]}
    assert kinds == {"manual", "auto"}
