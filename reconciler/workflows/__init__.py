"""Workflows: wire the stages together for each command. I/O happens here and below."""

from reconciler.manifests import Grouping
from reconciler.planning import Matching
from reconciler.workflows.adopting import Adopted
from reconciler.workflows.adopting import adopt as adopt_objects
from reconciler.workflows.allowing import check_allowed
from reconciler.workflows.applying import Applied, Approval, apply, exit_code
from reconciler.workflows.connecting import connect, takes_a_person
from reconciler.workflows.context import (
    Context,
    Options,
    as_stops,
    load_manifests,
    open_context,
)
from reconciler.workflows.exporting import Exported, export_workspace, open_workspace
from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.holding import LONGEST_WAIT, holder_json, unlock_state
from reconciler.workflows.lifetimes import parse_duration
from reconciler.workflows.moving import (
    Carried,
    migrate_state,
    pull_state,
    push_state,
    read_state_text,
)
from reconciler.workflows.owning import accept_state, forget_addresses, move_address, owned_at
from reconciler.workflows.planning import Planned, make
from reconciler.workflows.probing import probe_server
from reconciler.workflows.reporting import (
    ending_of,
    review_drift,
    review_loaded,
    review_planned,
    review_saved,
    review_stopped,
)
from reconciler.workflows.saved import life_text, open_saved, read_saved, saved_view, write_plan
from reconciler.workflows.trust import trust_for

__all__ = [
    "LONGEST_WAIT",
    "Adopted",
    "Applied",
    "Approval",
    "Carried",
    "Context",
    "Exit",
    "Exported",
    "Grouping",
    "Matching",
    "Options",
    "Planned",
    "Stop",
    "accept_state",
    "adopt_objects",
    "apply",
    "as_stops",
    "check_allowed",
    "connect",
    "ending_of",
    "exit_code",
    "export_workspace",
    "forget_addresses",
    "holder_json",
    "life_text",
    "load_manifests",
    "make",
    "migrate_state",
    "move_address",
    "open_context",
    "open_saved",
    "open_workspace",
    "owned_at",
    "parse_duration",
    "probe_server",
    "pull_state",
    "push_state",
    "read_saved",
    "read_state_text",
    "review_drift",
    "review_loaded",
    "review_planned",
    "review_saved",
    "review_stopped",
    "saved_view",
    "takes_a_person",
    "trust_for",
    "unlock_state",
    "write_plan",
]
