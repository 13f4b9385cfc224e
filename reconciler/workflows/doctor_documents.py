"""What `doctor` prints as JSON."""

from typing import Literal

from reconciler.views import Health
from reconciler.workflows.document_parts import Part


class CheckedDocument(Part):
    """One thing that was looked at."""

    name: str
    health: Health
    message: str
    help: list[str]


class DoctorDocument(Part):
    """What `doctor --output json` prints; `healthy` when nothing failed."""

    format: Literal["reconciler.doctor/v1"]
    healthy: bool
    checks: list[CheckedDocument]
