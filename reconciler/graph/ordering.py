"""A deterministic topological order, and the cycles that have none."""

import heapq
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Generic, TypeVar

Node = TypeVar("Node")


@dataclass(frozen=True, slots=True)
class Sorted(Generic[Node]):
    """`ordered`: every node after what it needs. `cyclic`: nodes that wait for themselves, and
    those that wait for them."""

    ordered: tuple[Node, ...]
    cyclic: frozenset[Node]


def order(nodes: Iterable[Node], needs: Mapping[Node, AbstractSet[Node]]) -> Sorted[Node]:
    """Sort `nodes` so that each follows what it `needs`; among the free ones the given order wins.

    Needs that are not among the nodes are met already and don't count.
    """
    listed = list(dict.fromkeys(nodes))
    rank = {node: position for position, node in enumerate(listed)}
    waits = {node: {need for need in needs.get(node, ()) if need in rank} for node in listed}
    needed_by: dict[Node, list[Node]] = {node: [] for node in listed}
    for node, missing in waits.items():
        for need in missing:
            needed_by[need].append(node)
    free = [rank[node] for node in listed if not waits[node]]
    heapq.heapify(free)
    ordered: list[Node] = []
    while free:
        node = listed[heapq.heappop(free)]
        ordered.append(node)
        for dependant in needed_by[node]:
            waits[dependant].discard(node)
            if not waits[dependant]:
                heapq.heappush(free, rank[dependant])
    return Sorted(tuple(ordered), frozenset(node for node in listed if waits[node]))
