"""Execution: carries a plan out against a provider and keeps state true."""

from reconciler.execution.executor import Listener, Tools, execute
from reconciler.execution.needs import needed_secrets, written_secrets
from reconciler.execution.outcomes import Outcome, Report, Result, Stopped
from reconciler.execution.person import Person, Step

__all__ = [
    "Listener",
    "Outcome",
    "Person",
    "Report",
    "Result",
    "Step",
    "Stopped",
    "Tools",
    "execute",
    "needed_secrets",
    "written_secrets",
]
