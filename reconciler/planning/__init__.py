"""Planning: from manifests, state and a snapshot to an ordered list of changes. Pure."""

from reconciler.planning.adopting import Adoption, Matching, adopt, matches
from reconciler.planning.document import ChangeDocument, DiagnosticDocument, PlanDocument
from reconciler.planning.inputs import Forecaster, Inputs, Observation
from reconciler.planning.ownership import candidates, moved, renamed
from reconciler.planning.plan import Plan, make_plan
from reconciler.planning.saving import (
    Basis,
    PlanUnreadable,
    SavedPlan,
    change_json,
    digest_of,
    plan_json,
    read_plan,
    shown_json,
    substance,
)

__all__ = [
    "Adoption",
    "Basis",
    "ChangeDocument",
    "DiagnosticDocument",
    "Forecaster",
    "Inputs",
    "Matching",
    "Observation",
    "Plan",
    "PlanDocument",
    "PlanUnreadable",
    "SavedPlan",
    "adopt",
    "candidates",
    "change_json",
    "digest_of",
    "make_plan",
    "matches",
    "moved",
    "plan_json",
    "read_plan",
    "renamed",
    "shown_json",
    "substance",
]
