"""Views: plans and reports as text and JSON. Pure; nothing is printed here."""

from reconciler.views.checkup_text import (
    Checked,
    Health,
    checkup_json,
    checkup_text,
    healthy,
)
from reconciler.views.ending import Ending
from reconciler.views.explanation_text import (
    explanation_json,
    explanation_text,
    reference_markdown,
    topics_text,
)
from reconciler.views.identity_text import (
    IdentityView,
    WorkspaceView,
    identities_json,
    identities_text,
)
from reconciler.views.ownership_text import (
    AdoptionView,
    adoption_json,
    adoption_text,
    carried_json,
    entry_json,
    owned_json,
    owned_text,
)
from reconciler.views.places import placed, placed_span, placed_view
from reconciler.views.plan_text import no_drift_line, plan_text, summary_line
from reconciler.views.plan_view import PlanView
from reconciler.views.probe_document import probe_json
from reconciler.views.probe_text import probe_text
from reconciler.views.progress_text import (
    ProgressView,
    RunningView,
    heartbeat_line,
    progress_lines,
)
from reconciler.views.report_text import outcome_line, report_json, report_text, summary
from reconciler.views.review import (
    Concern,
    Counts,
    Effect,
    Failure,
    Item,
    Matter,
    Outcome,
    Review,
    review_of,
    review_of_failure,
    review_of_manifests,
)
from reconciler.views.staleness_text import moved_lines

__all__ = [
    "AdoptionView",
    "Checked",
    "Concern",
    "Counts",
    "Effect",
    "Ending",
    "Failure",
    "Health",
    "IdentityView",
    "Item",
    "Matter",
    "Outcome",
    "PlanView",
    "ProgressView",
    "Review",
    "RunningView",
    "WorkspaceView",
    "adoption_json",
    "adoption_text",
    "carried_json",
    "checkup_json",
    "checkup_text",
    "entry_json",
    "explanation_json",
    "explanation_text",
    "healthy",
    "heartbeat_line",
    "identities_json",
    "identities_text",
    "moved_lines",
    "no_drift_line",
    "outcome_line",
    "owned_json",
    "owned_text",
    "placed",
    "placed_span",
    "placed_view",
    "plan_text",
    "probe_json",
    "probe_text",
    "progress_lines",
    "reference_markdown",
    "report_json",
    "report_text",
    "review_of",
    "review_of_failure",
    "review_of_manifests",
    "summary",
    "summary_line",
    "topics_text",
]
