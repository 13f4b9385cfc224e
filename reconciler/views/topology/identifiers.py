"""Names for nodes that every language of graphs takes as they are: letters, digits, `_`."""

import re

from reconciler.views.topology.model import Topology


def identifiers(topology: Topology) -> dict[str, str]:
    """An identifier for each node's id, as like it as can be; a number tells twins apart."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for node in topology.nodes:
        stem = re.sub(r"[^A-Za-z0-9]+", "_", node.id).strip("_")
        name, number = stem, 1
        while name in taken:
            number += 1
            name = f"{stem}_{number}"
        taken.add(name)
        found[node.id] = name
    return found
