"""What the graph shows before is what the workspace has, and after it what the apply makes."""

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.views.topology import Side, Topology
from tests.parts.values import COMPANY_ID
from tests.planning.worlds import EDITS, Course, Edit, Manifests, manifests
from tests.views.topology.scenes import topology

MODEST = settings(max_examples=40, deadline=None)
Placement = tuple[str, str]


def really(course: Course) -> set[Placement]:
    """Where the servers that we own show, by the world itself."""
    ids = {e.remote_id: f"space:{a.name}" for a, e in course.state.entries.items()}
    ids[COMPANY_ID] = "company"
    return {
        (f"server:{address.name}", ids.get(space_id, f"space:{space_id}"))
        for address, entry in course.state.entries.items()
        if address.kind == "MCPServer"
        and (live := course.world.servers.get(entry.remote_id)) is not None
        for space_id in live["spaces"]
    }


def drawn(graph: Topology, side: Side) -> set[Placement]:
    """Where the graph shows them; what is refused and isn't there is left out."""
    return {
        (edge.source, edge.target)
        for edge in graph.on(side).edges
        if edge.standing.gate is None or edge.standing.on(Side.BEFORE)
    }


def known(graph: Topology, side: Side) -> set[str]:
    """The servers whose placements that side knows."""
    return {
        node.id
        for node in graph.on(side).nodes
        for facts in (node.before if side is Side.BEFORE else node.after,)
        if getattr(facts, "placed", False)
    }


def among(placements: set[Placement], servers: set[str]) -> set[Placement]:
    """Those of these servers."""
    return {placement for placement in placements if placement[0] in servers}


@MODEST
@given(manifests(), st.lists(EDITS, max_size=3), manifests())
def test_the_graph_tells_what_was_there_and_what_the_apply_makes(
    first: Manifests, edits: list[Edit], second: Manifests
) -> None:
    course = Course()
    course.apply(first)
    for edit in edits:
        edit(course.world)
    before = really(course)
    made = course.plan(second)
    graph = topology(made, second.values())
    seen = known(graph, Side.BEFORE)
    assert drawn(graph, Side.BEFORE) == among(before, seen)

    course.carry_out(made, second, lambda ready: ready[0])

    managed = known(graph, Side.AFTER) & {f"server:{address.name}" for address in second}
    assert among(drawn(graph, Side.AFTER), managed) == among(really(course), managed)
