"""The graph says who sees which server and what it may do, before and after a plan."""

import json

from reconciler.planning import read_plan
from reconciler.resources import Address, Gate, Resource
from reconciler.views.topology import (
    Compared,
    Edge,
    Mark,
    Node,
    ServerFacts,
    Side,
    SpaceFacts,
    Standing,
    Topology,
    build,
)
from tests.parts.values import live_server, live_space, owned, plan, server, snapshot, space, state
from tests.planning.documents import document
from tests.views.topology.scenes import exposure, exposure_plan, exposure_resources, specs, topology


def node(graph: Topology, id_: str) -> Node:
    """The node with that id."""
    return next(each for each in graph.nodes if each.id == id_)


def edge(graph: Topology, source: str, target: str) -> Edge:
    """The edge between those nodes."""
    return next(each for each in graph.edges if (each.source, each.target) == (source, target))


def placements(graph: Topology, source: str) -> dict[str, Mark]:
    """Where a server shows, and what becomes of it."""
    return {
        each.target: each.standing.mark
        for each in graph.edges
        if each.source == source and not each.target.startswith("scope:")
    }


def declared(*resources: Resource) -> Topology:
    """The graph of manifests alone."""
    return build(specs(resources))


def test_placements_that_come_go_and_stay_are_told_apart() -> None:
    assert placements(exposure(), "server:github") == {
        "space:finance": Mark.ADDED,
        "space:lab": Mark.ADDED,
        "space:old": Mark.REMOVED,
        "space:vlt_foreign": Mark.REMOVED,
    }


def test_a_space_that_nobody_describes_is_there_by_its_id() -> None:
    assert not node(exposure(), "space:vlt_foreign").declared


def test_scopes_that_come_and_stay_are_told_apart() -> None:
    graph = exposure()
    assert node(graph, "scope:github.example repo").standing.mark is Mark.SAME
    assert node(graph, "scope:github.example user").standing.mark is Mark.ADDED


def test_a_refused_placement_is_not_taken_for_one_that_happens() -> None:
    standing = edge(exposure(), "server:wiki", "company").standing
    assert (standing.mark, standing.gate) == (Mark.ADDED, Gate.COMPANY_WIDE)
    assert standing.widens == ("is shown to the whole company",)
    stays = edge(exposure(), "server:wiki", "space:quiet").standing
    assert stays.on(Side.AFTER), "the old placement is still there after the apply"


def test_a_field_that_the_manifest_ignores_is_shown_as_the_workspace_has_it() -> None:
    assert placements(exposure(), "server:docs") == {"space:finance": Mark.SAME}


def test_what_becomes_wider_is_said_where_it_does() -> None:
    graph = exposure()
    assert node(graph, "space:lab").standing.widens == ("is open to the whole workspace",)
    assert node(graph, "space:finance").standing.widens == ("has more members",)
    assert node(graph, "server:github").standing.widens == (
        "is used with one shared sign-in, not as each person",
        "lets agents call `search` with less asking",
    )
    added = edge(graph, "server:github", "space:lab").standing
    assert added.widens == ("is shown to open spaces (lab)",)
    new_scope = edge(graph, "server:github", "scope:github.example user")
    assert new_scope.standing.widens == ("asks for wider scopes",)


def test_who_had_it_by_the_company_gets_nothing_new_in_a_space() -> None:
    spec = {"displayName": "S", "spaces": ["a"]}
    resources = [space("a", {"displayName": "A"}), server("s", spec)]
    made = plan(
        resources,
        snapshot(
            live_space("vlt_1", {"displayName": "A"}),
            live_server("rms_1", {"displayName": "S", "spaces": ["vlt_all"]}),
        ),
        state(
            {
                "Space/a": owned("vlt_1", {"displayName": "A"}),
                "MCPServer/s": owned("rms_1", {**spec, "spaces": ["company"]}),
            }
        ),
    )
    moved = edge(topology(made, resources), "server:s", "space:a").standing
    assert moved == Standing(mark=Mark.ADDED)


def test_what_a_manifest_leaves_out_is_unknown_and_not_absent() -> None:
    graph = declared(space("a"), server("s"))
    assert node(graph, "space:a").after == SpaceFacts()
    assert node(graph, "server:s").after == ServerFacts()
    given = declared(space("a", {"members": [], "groups": []}), server("s", {"spaces": []}))
    assert node(given, "space:a").after == SpaceFacts(members=0, groups=())
    assert node(given, "server:s").after == ServerFacts(placed=True)


def test_a_new_object_is_as_the_platform_makes_it_where_its_manifest_says_nothing() -> None:
    resources = [space("a"), server("s")]
    graph = topology(plan(resources, snapshot()), resources)
    assert node(graph, "space:a").after == SpaceFacts(access="restricted")
    assert node(graph, "server:s").after == ServerFacts(auth="none", placed=True)


def test_manifests_alone_are_compared_with_nothing() -> None:
    graph = declared(
        space("a"), server("s", {"spaces": ["a"]}), server("t", {"spaces": ["company"]})
    )
    assert not graph.compared
    assert {each.standing.mark for each in graph.nodes} == {Mark.UNCOMPARED}
    assert {each.standing.mark for each in graph.edges} == {Mark.UNCOMPARED}


def test_what_is_left_out_of_a_partial_plan_is_not_taken_for_unchanged() -> None:
    compared = Compared(changes=(), as_declared=frozenset({Address("Space", "a")}))
    graph = build(specs((space("a"), space("b"))), compared)
    assert node(graph, "space:a").standing.mark is Mark.SAME
    assert node(graph, "space:b").standing.mark is Mark.UNCOMPARED


def test_a_scope_is_another_one_at_another_authorization_server() -> None:
    auth = {"mode": "automatic", "scopes": ["read"]}
    graph = declared(
        server("a", {"url": "https://a.example/mcp", "auth": auth}),
        server("b", {"url": "https://b.example/mcp", "auth": auth}),
        server("c", {"url": "https://b.example/sse", "auth": auth}),
    )
    asked = {(each.source, each.target) for each in graph.edges}
    assert asked == {
        ("server:a", "scope:a.example read"),
        ("server:b", "scope:b.example read"),
        ("server:c", "scope:b.example read"),
    }


def test_a_replaced_server_keeps_what_its_manifest_does_not_manage() -> None:
    resources = [server("s", {"url": "https://new.example/mcp"})]
    made = plan(
        resources,
        snapshot(live_server("rms_1", {"spaces": ["vlt_all"]})),
        state({"MCPServer/s": owned("rms_1", {"url": "https://old.example/mcp"})}),
    )
    assert placements(topology(made, resources), "server:s") == {"company": Mark.SAME}


def test_a_saved_plan_gives_the_same_graph_as_a_fresh_one() -> None:
    fresh, resources = exposure_plan(), exposure_resources()
    saved = read_plan(json.dumps(document(fresh)), name="plan.json")
    compared = Compared(
        changes=saved.changes,
        as_declared=frozenset(saved.unchanged),
        ignored=saved.ignored,
    )
    assert build(specs(resources), compared) == topology(fresh, resources)
