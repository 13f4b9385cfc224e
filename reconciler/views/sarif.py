"""A review as SARIF 2.1.0, for code scanning: diagnostics, and what guards and rules hold back.

Source of the format: OASIS, SARIF Version 2.1.0; which of it GitHub reads: its page "SARIF support
for code scanning". A result needs a place there, so one without a place of its own is shown where
the Workspace is declared.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    fallback = review.home or next((item.span for item in found if item.span), None)
    told = (
        Finding(
            rule=item.code,
            level=item.severity,
            text="\n".join(lines_of(item)),
            span=item.span,
            about=(item.address, item.message),
        )
        for item in found
    )
    return sarif_text([_rule(code, found) for code in codes], told, fallback)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One result: `rule` is the id of its rule, `about` what tells it from others of that rule."""

    rule: str
    level: str
    text: str
    span: Span | None
    about: tuple[str | None, ...]


def sarif_text(
    rules: Sequence[Mapping[str, Any]], found: Iterable[Finding], fallback: Span | None
) -> str:
    """The document; `fallback` is the place of what has none of its own."""
    run = {
        "tool": {
            "driver": {
                "name": "reconciler",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": rules,
            }
        },
        "columnKind": "utf16CodeUnits",
        "results": list(_results(rules, found, fallback)),
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_for_terminals(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def _rule(code: Code, found: Sequence[Diagnostic]) -> dict[str, Any]:
    words = RULES[code]
    worst = any(item.severity is Severity.ERROR for item in found if item.code is code)
    return rule_of(code.value, words.means, words.todo, level="error" if worst else "warning")


def rule_of(name: str, means: str, todo: Iterable[str], *, level: str) -> dict[str, Any]:
    """A rule as the document describes it; its name has dashes."""
    text = "\n".join((means, *(f"- {line}" for line in todo)))
    return {
        "id": name,
        "name": "".join(word.capitalize() for word in name.split("-")),
        "shortDescription": {"text": name.replace("-", " ")},
        "fullDescription": {"text": means},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": level},
    }


def _results(
    rules: Sequence[Mapping[str, Any]], found: Iterable[Finding], fallback: Span | None
) -> Iterator[dict[str, Any]]:
    places = {rule["id"]: number for number, rule in enumerate(rules)}
    seen: dict[str, int] = {}
    for item in found:
        mark = digest_of([item.rule, item.span and item.span.file, *item.about])
        seen[mark] = seen.get(mark, 0) + 1
        yield {
            "ruleId": str(item.rule),
            "ruleIndex": places[item.rule],
            "level": str(item.level),
            # `[text](target)` would be a link, whoever wrote it.
            "message": {"text": item.text.replace("](", "] (")},
            "locations": [{"physicalLocation": _location(item.span, fallback)}],
            "partialFingerprints": {"primaryLocationLineHash": f"{mark[:32]}:{seen[mark]}"},
        }


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
