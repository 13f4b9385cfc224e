"""A review as SARIF 2.1.0, for code scanning: diagnostics, and what guards and rules hold back.

Source of the format: OASIS, SARIF Version 2.1.0; which of it GitHub reads: its page "SARIF support
for code scanning". A result needs a place there, so one without a place of its own is shown where
the Workspace is declared.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler import __version__
from reconciler.diagnostics import (
    Code,
    Diagnostic,
    Severity,
    Span,
    json_for_terminals,
    printable,
)
from reconciler.explanations import RULES
from reconciler.resources import digest_of
from reconciler.views.findings import findings_of, lines_of
from reconciler.views.places import uri_of
from reconciler.views.review import Review

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(review: Review) -> str:
    """The review as SARIF text."""
    found = list(findings_of(review))
    codes = sorted({item.code for item in found})
    run = {
        "tool": {
            "driver": {
                "name": "reconciler",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(code, found) for code in codes],
            }
        },
        "columnKind": "utf16CodeUnits",
        "results": list(_results(review, found, codes)),
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_for_terminals(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def _rule(code: Code, found: Sequence[Diagnostic]) -> dict[str, Any]:
    words = RULES[code]
    worst = any(item.severity is Severity.ERROR for item in found if item.code is code)
    text = "\n".join((words.means, *(f"- {line}" for line in words.todo)))
    return {
        "id": code.value,
        "name": "".join(word.capitalize() for word in code.value.split("-")),
        "shortDescription": {"text": code.value.replace("-", " ")},
        "fullDescription": {"text": words.means},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": "error" if worst else "warning"},
    }


def _results(
    review: Review, found: Sequence[Diagnostic], codes: Sequence[Code]
) -> Iterator[dict[str, Any]]:
    fallback = review.home or next((item.span for item in found if item.span), None)
    seen: dict[str, int] = {}
    for item in found:
        mark = digest_of([item.code, item.span and item.span.file, item.address, item.message])
        seen[mark] = seen.get(mark, 0) + 1
        yield {
            "ruleId": item.code.value,
            "ruleIndex": codes.index(item.code),
            "level": item.severity.value,
            "message": {"text": _text(item)},
            "locations": [{"physicalLocation": _location(item.span, fallback)}],
            "partialFingerprints": {"primaryLocationLineHash": f"{mark[:32]}:{seen[mark]}"},
        }


def _text(item: Diagnostic) -> str:
    # `[text](target)` would be a link, whoever wrote it.
    return "\n".join(lines_of(item)).replace("](", "] (")


def _location(span: Span | None, fallback: Span | None) -> dict[str, Any]:
    place = span or fallback
    if place is None:
        return {"artifactLocation": {"uri": "."}, "region": {"startLine": 1}}
    uri, relative = uri_of(printable(place.file))
    artifact = {"uri": uri} | ({"uriBaseId": "%SRCROOT%"} if relative else {})
    region = _region(place) if span else {"startLine": place.line}
    return {"artifactLocation": artifact, "region": region}


def _region(span: Span) -> Mapping[str, int]:
    """Lines, and columns in UTF-16 where the line's text is known to count them in."""
    region = {"startLine": span.line, "endLine": span.end_line}
    if span.excerpt is None:
        return region
    region["startColumn"] = _column(span.excerpt, span.column)
    if span.line == span.end_line:
        region["endColumn"] = _column(span.excerpt, span.end_column)
    return region


def _column(line: str, column: int) -> int:
    beyond = sum(ord(char) > 0xFFFF for char in line[: column - 1])
    return column + beyond
