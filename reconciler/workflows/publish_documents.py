"""What `publish` and `reviewed` print as JSON."""

from typing import Literal

from reconciler.forges import Deed
from reconciler.workflows.document_parts import Part


class PublishedDocument(Part):
    """What became of a comment or an issue; number and url are null when there is none."""

    format: Literal["reconciler.published/v1"]
    deed: Deed
    number: int | None
    url: str | None


class ReviewedDocument(Part):
    """The plan that was reviewed, the file it was written to, and the merged pull request."""

    format: Literal["reconciler.reviewed/v1"]
    plan: str
    digest: str
    pull_request: int
    url: str
    head: str
