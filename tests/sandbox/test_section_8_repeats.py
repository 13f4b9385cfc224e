"""Section 8: pagination, idempotence, repetition."""

from tests.parts.mcp_servers import McpServer
from tests.sandbox.world import World, make_server, make_space, refused


def test_members_come_in_pages_that_lead_on(world: World) -> None:
    seen: list[str] = []
    url = "/members?limit=2"
    pages = 0
    while url:
        page = world.admin.get(url.removeprefix("/api/w/acme")).json()
        assert page["total"] == 5
        assert len(page["members"]) <= 2
        seen += [each["email"] for each in page["members"]]
        url, pages = page["nextPageUrl"], pages + 1
    assert pages == 3
    assert len(seen) == len(set(seen)) == 5


def test_members_can_be_paged_oldest_first(world: World) -> None:
    members = world.admin.read("/members", orderDirection="asc", limit=150)["members"]
    assert members[0]["email"] == "ana@acme.example"
    assert members[0]["workspaces"][0]["role"] == "admin"


def test_pages_have_a_limit(world: World) -> None:
    for query in ("limit=151", "limit=x", "limit=-1", "orderColumn=name", "orderDirection=up"):
        refused(world.admin.get(f"/members?{query}"), 400, "invalid_request_error")


def test_members_are_searched_by_term_and_by_exact_addresses(world: World) -> None:
    def search(**query: object) -> list[str]:
        found = world.user.read("/members/search", **query)["members"]
        return sorted(each["email"] for each in found)

    assert search(searchTerm="OKAF") == ["ben@acme.example"]
    both = "ana@acme.example,UMA@acme.example,nobody@acme.example"
    assert search(searchEmails=both) == ["ana@acme.example", "uma@acme.example"]
    page = world.user.read("/members/search", limit=2, offset=4)
    assert (len(page["members"]), page["total"]) == (1, 5)


def test_spaces_and_servers_come_whole(world: World) -> None:
    for number in range(30):
        make_space(world.admin, f"Many {number}")
    body = world.admin.read("/spaces", role="admin")
    assert set(body) == {"spaces"}
    assert len([each for each in body["spaces"] if each["name"].startswith("Many")]) == 30


def test_creating_a_server_twice_makes_two(world: World, open_server: McpServer) -> None:
    def count() -> int:
        servers = world.admin.read("/mcp")["servers"]
        return sum(each.get("url") == open_server.url for each in servers)

    before = count()
    for _ in range(2):
        make_server(world.admin, open_server.url)
    assert count() == before + 2


def test_writing_the_same_again_changes_nothing(world: World, open_server: McpServer) -> None:
    server = make_server(world.admin, open_server.url)
    body = {"tools": [{"toolName": "search", "permission": "low", "enabled": True}]}
    answers = [world.admin.write("PATCH", f"/mcp/{server}/tools", body) for _ in range(2)]
    assert answers == [{"success": True}] * 2


def test_the_last_write_wins(world: World) -> None:
    path = f"/spaces/{make_space(world.admin, 'Contended')}"
    for name in ("First wins", "Last wins"):
        world.admin.write("PATCH", path, {"name": name})
    assert world.admin.read(path)["space"]["name"] == "Last wins"
