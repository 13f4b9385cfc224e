"""The topological order itself."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.graph import order

NODES = range(8)
EDGES = st.sets(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), max_size=20)


def needs_of(edges: set[tuple[int, int]]) -> dict[int, set[int]]:
    """`(a, b)`: a needs b."""
    return {node: {b for a, b in edges if a == node} for node in NODES}


def reachable(edges: set[tuple[int, int]], start: int) -> set[int]:
    """Everything that `start` needs, directly or not."""
    found: set[int] = set()
    todo = [start]
    while todo:
        node = todo.pop()
        for a, b in edges:
            if a == node and b not in found:
                found.add(b)
                todo.append(b)
    return found


@given(EDGES)
def test_every_node_comes_once_either_in_order_or_as_cyclic(edges: set[tuple[int, int]]) -> None:
    result = order(NODES, needs_of(edges))
    assert sorted([*result.ordered, *result.cyclic]) == list(NODES)


@given(EDGES)
def test_what_a_node_needs_comes_before_it(edges: set[tuple[int, int]]) -> None:
    result = order(NODES, needs_of(edges))
    place = {node: at for at, node in enumerate(result.ordered)}
    assert all(place[b] < place[a] for a, b in edges if a in place)


@given(EDGES)
def test_cyclic_are_those_that_need_somebody_who_needs_himself(edges: set[tuple[int, int]]) -> None:
    selves = {node for node in NODES if node in reachable(edges, node)}
    expected = {node for node in NODES if ({node} | reachable(edges, node)) & selves}
    assert order(NODES, needs_of(edges)).cyclic == expected


@given(EDGES, st.permutations(NODES))
def test_the_order_among_the_free_is_the_given_one(
    edges: set[tuple[int, int]], given_order: list[int]
) -> None:
    result = order(given_order, needs_of(edges)).ordered
    free = [node for node in given_order if not needs_of(edges)[node]]
    assert [node for node in result if node in free] == free


def test_needs_that_are_not_listed_are_met() -> None:
    assert order(["a"], {"a": {"elsewhere"}}).ordered == ("a",)


def test_nothing_is_ordered_as_nothing() -> None:
    assert order([], {}).ordered == ()
