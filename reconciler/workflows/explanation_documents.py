"""What `explain` prints as JSON."""

from typing import Literal

from reconciler.explanations import Sort
from reconciler.workflows.document_parts import Part


class FieldBelowDocument(Part):
    """A field under another; `modes` are those of `auth` that have it, empty for all."""

    name: str
    type: str
    required: bool
    modes: list[str]
    means: str


class TopicDocument(Part):
    """One topic; `wrong` and `right` are whole manifests, where there are such."""

    topic: str
    sort: Sort
    means: str
    facts: dict[str, str]
    wrong: str | None
    right: str | None
    fields: list[FieldBelowDocument]
    todo: list[str]


class ExplanationDocument(Part):
    """What `explain --output json` prints: the topic that was asked for, or all."""

    format: Literal["reconciler.explanation/v1"]
    topics: list[TopicDocument]
