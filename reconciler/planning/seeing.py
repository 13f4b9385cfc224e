"""What a plan saw of the workspace, in a form that can be kept: digests, fields, fingerprints."""

from dataclasses import dataclass

from reconciler.planning.diff import comparable
from reconciler.planning.inputs import Labels
from reconciler.resources import KINDS, Action, Address, Change, Hidden, Path, Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSeen:
    """A secret that a plan writes: `source` says where it is kept, `fingerprint` never what it is.

    `fingerprint` is None when the secret wasn't available where the plan was made.
    """

    address: Address
    path: Path
    source: str
    fingerprint: str | None


def seen(change: Change) -> dict[Path, Shown]:
    """Every field of an object that the change destroys; nothing for one that it keeps.

    What can't be read back is hidden.

    A change that keeps its object goes by the fields that the manifest manages: those that differ
    are in the change, and the others are as wanted.
    """
    if change.live is None or change.action not in (Action.DELETE, Action.REPLACE):
        return {}
    labels = Labels({remote_id: label for label, remote_id in change.links.items()})
    return {
        path: Hidden() if policy.write_only else comparable(policy, value, labels)
        for path, policy, value in KINDS[change.address.kind].leaves(change.live.spec)
    }
