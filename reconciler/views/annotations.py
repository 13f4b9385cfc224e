"""A review as GitHub's workflow commands: messages on the lines of the manifests.

GitHub shows at most ten of each level and step, so the worst come first and the rest is counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.diagnostics import Severity, Span, count, printable
from reconciler.views.findings import dangers_of, findings_of, lines_of, lines_of_matter
from reconciler.views.review import Review

SHOWN = 10
"""How many annotations of one level GitHub shows for a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One message: `title` is its headline, `lines` are what it says."""

    title: str
    lines: Sequence[str]
    span: Span | None = None


def annotations(review: Review) -> str:
    """The review, a command a line; empty when there is nothing to say."""
    by_severity: dict[Severity, list[Annotation]] = {each: [] for each in Severity}
    for item in findings_of(review):
        made = Annotation(title=item.code, lines=lines_of(item), span=item.span)
        by_severity[item.severity].append(made)
    errors = by_severity[Severity.ERROR]
    if review.failure and not errors:
        told = (review.failure.message, *review.failure.notes, *review.failure.help)
        errors.append(Annotation(title=review.noun, lines=told))
    dangers = [
        Annotation(title=matter.concern, lines=lines_of_matter(matter), span=matter.span)
        for matter in dangers_of(review)
    ]
    return commands(errors, [*dangers, *by_severity[Severity.WARNING]])


def commands(errors: Sequence[Annotation], warnings: Sequence[Annotation]) -> str:
    """The workflow commands, errors first, with a notice of how many are left out."""
    lines = [_command("error", item) for item in errors[:SHOWN]]
    lines += [_command("warning", item) for item in warnings[:SHOWN]]
    left = list(_left(errors, warnings))
    if left:
        text = f"{' and '.join(left)}: see the report"
        lines.append(_command("notice", Annotation(title="reconciler", lines=[text])))
    return "".join(f"{line}\n" for line in lines)


def _left(errors: Sequence[Annotation], warnings: Sequence[Annotation]) -> Iterator[str]:
    for noun, items in (("error", errors), ("warning", warnings)):
        if len(items) > SHOWN:
            yield count(len(items) - SHOWN, f"more {noun}")


def _command(level: str, item: Annotation) -> str:
    properties = {"title": item.title}
    if item.span:
        properties = {"file": item.span.file, "line": str(item.span.line)} | properties
        if item.span.line == item.span.end_line:
            properties["col"] = str(item.span.column)
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    text = "\n".join(map(printable, item.lines))
    return f"::{level} {told}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")
