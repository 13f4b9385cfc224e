"""All checks over all documents: each by itself, then together."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from reconciler.manifests.faults import Fault
from reconciler.manifests.limits import MAX_COUNTED
from reconciler.manifests.manifest import Manifest
from reconciler.manifests.policy_faults import check_policy
from reconciler.manifests.rules import check_rules
from reconciler.manifests.shape import check_shape
from reconciler.manifests.suggestions import Suggester
from reconciler.manifests.variables import check_variables
from reconciler.manifests.whole_set import (
    check_addresses,
    check_previous_names,
    check_references,
    check_titles,
    choose_workspace,
)
from reconciler.resources import Address, Variables


@dataclass(slots=True)
class Checked:
    """The manifests by address, the workspace's own, and every fault."""

    by_address: dict[Address, Manifest]
    workspace: Manifest | None
    faults: list[Fault] = field(default_factory=list)


def check(
    manifests: Sequence[Manifest],
    *,
    workspace: str | None = None,
    complete: bool = True,
    policy: bool = True,
    variables: Variables | None = None,
) -> Checked:
    """Check `manifests`, in the order of their files and documents.

    Parameters: `workspace` chooses the Workspace by name; `complete` says that every file could be
    read: when it is false, nothing is called missing; `policy` that the rules of policies are
    compiled, too; `variables` which ones of the environment may be named, when that is asked.
    """
    suggest = Suggester()
    counted = 0
    for manifest in manifests:
        if counted > MAX_COUNTED:
            complete = False
            break
        check_shape(manifest, suggest)
        check_rules(manifest)
        if variables is not None:
            check_variables(manifest, variables)
        if policy:
            check_policy(manifest)
        counted += len(manifest.faults)
    complete = complete and all(manifest.address for manifest in manifests)
    by_address = check_addresses(manifests)
    chosen, faults = choose_workspace(manifests, workspace, complete=complete)
    if complete:
        check_references(by_address, suggest)
    check_previous_names(by_address)
    check_titles(by_address)
    faults += [fault for manifest in manifests for fault in manifest.faults]
    return Checked(by_address, chosen, faults)
