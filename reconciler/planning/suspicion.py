"""Workspaces that lost too much at once to be believed: an empty answer is not a fact.

Each missing object has said itself that it isn't there. To a token that lost its rights the
platform answers so of everything.
"""

from collections.abc import Mapping

from reconciler.planning.inputs import Inputs
from reconciler.planning.ownership import Ownership
from reconciler.resources import Gate

_ALL = 2
"""From so many owned objects on, a list that shows none of them is suspicious."""
_MANY = 3
"""So many missing objects are suspicious when they are more than half of what is owned."""


def suspicious_kinds(inputs: Inputs, ownership: Ownership) -> Mapping[str, str]:
    """Why the list of a kind isn't believed, for each kind of which that is so.

    To take what isn't shown for deleted would forget or duplicate everything. An object that was
    finished once and is shown as half made counts as lost: what it lacks may have been left out of
    a list as well.
    `--allow suspicious-read` believes it.
    """
    if Gate.SUSPICIOUS_READ in inputs.allow:
        return {}
    owned: dict[str, list[bool]] = {}
    for address, entry in ownership.state.entries.items():
        live = inputs.snapshot.find(address.kind, entry.remote_id)
        whole = live is not None and not (live.broken and entry.applied)
        owned.setdefault(address.kind, []).append(whole)
    return {
        kind: f"the workspace's {kind} list shows {sum(found)} of the {len(found)} that are owned"
        for kind, found in owned.items()
        if _too_few(missing=found.count(False), owned=len(found))
    }


def _too_few(*, missing: int, owned: int) -> bool:
    if missing == owned:
        return owned >= _ALL
    return missing >= _MANY and missing * 2 > owned
