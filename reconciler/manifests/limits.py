"""How deep values nest, how far aliases expand, and how many faults are told, at most.

Aliases share one value in memory, but whoever walks the values walks them once for each alias: a
few lines of nested aliases can stand for billions of values. So they are counted as expanded.
"""

from typing import Any

MAX_DEPTH = 100
MAX_ALIASED = 100_000
"""How many values the aliases of one file may stand for together."""
MAX_VALUES = 200_000
"""How many keys and values one document may have: ten thousand tools have a fifth of that."""
MAX_DOCUMENTS = 100_000
"""How many documents one file may have."""
MAX_FAULTS = 1000
"""How many faults of all files together are told; to find the place of each takes time."""
MAX_COUNTED = 10_000
"""How many faults are looked for before the rest is left unread: each takes memory."""

Extent = tuple[int, int]
"""How many values there are in a value, itself included, and how many levels."""


def extent(value: Any, known: dict[int, Extent]) -> Extent:
    """The extent of a value at most `MAX_DEPTH` deep; `known` has those of shared values by id."""
    if not isinstance(value, dict | list):
        return 1, 0
    if id(value) in known:
        return known[id(value)]
    size, height = 1, 0
    for child in value.values() if isinstance(value, dict) else value:
        child_size, child_height = extent(child, known)
        size, height = size + child_size, max(height, child_height)
    return size, height + 1
