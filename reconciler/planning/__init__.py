"""Planning: from manifests, state and a snapshot to an ordered list of changes. Pure."""

from reconciler.planning.document import ChangeDocument, DiagnosticDocument, PlanDocument
from reconciler.planning.inputs import Forecaster, Inputs, Observation
from reconciler.planning.ownership import candidates
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
    "Basis",
    "ChangeDocument",
    "DiagnosticDocument",
    "Forecaster",
    "Inputs",
    "Observation",
    "Plan",
    "PlanDocument",
    "PlanUnreadable",
    "SavedPlan",
    "candidates",
    "change_json",
    "digest_of",
    "make_plan",
    "plan_json",
    "read_plan",
    "shown_json",
    "substance",
]
