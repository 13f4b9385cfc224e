"""The graph of a workspace: from manifests alone, from a fresh plan, or from a saved one."""

from reconciler.manifests import from_json
from reconciler.planning import SavedPlan
from reconciler.resources import Address
from reconciler.views.topology import Compared, Topology, build
from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.planning import Planned


def planned_topology(planned: Planned) -> Topology:
    """The graph before and after a plan that was just made."""
    plan = planned.plan
    compared = Compared(
        changes=plan.changes, unchanged=frozenset(plan.unchanged), ignored=plan.ignored
    )
    return build(planned.resources, compared)


def saved_topology(saved: SavedPlan) -> Topology:
    """The graph before and after a saved plan; raises Stop when its manifests are damaged."""
    try:
        desired = from_json(saved.desired)
    except ValueError as error:
        raise Stop(Exit.FAILED, f"the plan is damaged: {error}") from None
    compared = Compared(
        changes=saved.changes,
        unchanged=frozenset(map(Address.parse, saved.unchanged)),
        ignored=saved.ignored,
    )
    return build({} if saved.mode == "destroy" else desired.resources, compared)
