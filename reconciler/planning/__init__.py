"""Planning: from manifests, state and a snapshot to an ordered list of changes. Pure."""

from reconciler.planning.adopting import Adoption, Matching, adopt, matches
from reconciler.planning.document import (
    ChangeDocument,
    DiagnosticDocument,
    MovedDocument,
    PartialDocument,
    PlanDocument,
)
from reconciler.planning.inputs import Forecaster, Inputs, Observation
from reconciler.planning.ownership import (
    TAKES,
    candidates,
    fitting,
    moved,
    owns_its_object,
    recognised,
    renamed,
)
from reconciler.planning.plan import Plan, make_plan
from reconciler.planning.reading import PlanUnreadable, SavedPlan, read_plan
from reconciler.planning.saving import (
    Basis,
    change_json,
    partial_json,
    plan_json,
    shown_json,
    substance,
)
from reconciler.planning.scope import Partial, Scope
from reconciler.planning.seeing import SecretSeen
from reconciler.planning.staleness import Moved, moved_json
from reconciler.planning.staleness import moved as moved_since

__all__ = [
    "TAKES",
    "Adoption",
    "Basis",
    "ChangeDocument",
    "DiagnosticDocument",
    "Forecaster",
    "Inputs",
    "Matching",
    "Moved",
    "MovedDocument",
    "Observation",
    "Partial",
    "PartialDocument",
    "Plan",
    "PlanDocument",
    "PlanUnreadable",
    "SavedPlan",
    "Scope",
    "SecretSeen",
    "adopt",
    "candidates",
    "change_json",
    "fitting",
    "make_plan",
    "matches",
    "moved",
    "moved_json",
    "moved_since",
    "owns_its_object",
    "partial_json",
    "plan_json",
    "read_plan",
    "recognised",
    "renamed",
    "shown_json",
    "substance",
]
