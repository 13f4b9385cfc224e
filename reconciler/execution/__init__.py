"""Execution: carries a plan out against a provider and keeps state true."""

from reconciler.execution.executor import Listener, Tools, execute
from reconciler.execution.needs import needed_secrets, written_secrets
from reconciler.execution.outcomes import Outcome, Report, Result, Stopped

__all__ = [
    "Listener",
    "Outcome",
    "Report",
    "Result",
    "Stopped",
    "Tools",
    "execute",
    "needed_secrets",
    "written_secrets",
]
