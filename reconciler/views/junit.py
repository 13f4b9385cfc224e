"""A review or the end of an apply as JUnit XML: a suite for each kind, a case for each resource."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from reconciler.diagnostics import Diagnostic, Span, printable
from reconciler.resources import Change
from reconciler.views.findings import lines_of
from reconciler.views.review import Review
from reconciler.views.words import REASONS, field_text, short

_VALUE = 500
_NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a case failed: `type` is a gate, a code, `drift` or an outcome."""

    type: str
    message: str
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test: it failed, broke off (`error`), was skipped, or passed; `out` are further lines."""

    suite: str
    name: str
    failure: Fault | None = None
    error: Fault | None = None
    skipped: str = ""
    out: Sequence[str] = ()
    span: Span | None = None


def junit(review: Review) -> str:
    """Refusals, drift and errors are failures; warnings are in the suites' output."""
    return junit_xml(review.noun, list(_cases(review)), [*map(_line, review.warnings)])


def junit_xml(name: str, cases: Sequence[Case], out: Sequence[str] = ()) -> str:
    """The document; `out` are lines about the whole."""
    root = ET.Element(
        "testsuites", {"name": f"reconciler {_clean(name).lower()}", **_totals(cases)}
    )
    for suite in dict.fromkeys(case.suite for case in cases):
        listed = [case for case in cases if case.suite == suite]
        element = ET.SubElement(root, "testsuite", {"name": _clean(suite), **_totals(listed)})
        for case in listed:
            _add(element, case)
    if out:
        first = root.find("testsuite")
        if first is None:
            first = ET.SubElement(root, "testsuite", {"name": "reconciler", **_totals(())})
        _lines(first, "system-out", out)
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _cases(review: Review) -> Iterator[Case]:
    for item in review.errors:
        where = item.address or (item.span.file if item.span else "manifests")
        fault = Fault(type=item.code, message=item.message, lines=lines_of(item))
        name = f"{where}: {item.code}: {short(item.message, _VALUE)}"
        yield Case(suite="manifests", name=name, failure=fault, span=item.span)
    if review.failure and not review.errors:
        told = (*review.failure.notes, *review.failure.help)
        fault = Fault(
            type=f"exit code {review.failure.code}", message=review.failure.message, lines=told
        )
        yield Case(suite=review.noun.lower(), name=review.noun.lower(), error=fault)
    denied = {item.address for item in review.errors}
    cases = [_case(change) for change in review.changes]
    cases += [
        Case(suite=address.kind, name=str(address))
        for address in review.untouched
        if str(address) not in denied
    ]
    yield from sorted(cases, key=lambda case: (case.suite, case.name))


def _case(change: Change) -> Case:
    fault = None
    if change.refusal is not None:
        told = change.refusal.diagnostic
        fault = Fault(type=change.refusal.gate, message=told.message, lines=lines_of(told))
    elif change.drifted:
        fault = Fault(
            type="drift",
            message=f"{change.action}: {REASONS[change.reason]}",
            lines=_fields(change),
        )
    return Case(
        suite=change.address.kind,
        name=str(change.address),
        failure=fault,
        out=() if fault else (f"{change.action}: {REASONS[change.reason]}", *_fields(change)),
        span=change.span,
    )


def _fields(change: Change) -> tuple[str, ...]:
    return tuple(field_text(change.action, field, _VALUE) for field in change.fields)


def _line(item: Diagnostic) -> str:
    where = f"{item.span}: " if item.span else ""
    return f"{where}{item.severity}[{item.code}]: {item.message}"


def _totals(cases: Iterable[Case]) -> dict[str, str]:
    listed = list(cases)
    return {
        "tests": str(len(listed)),
        "failures": str(sum(case.failure is not None for case in listed)),
        "errors": str(sum(case.error is not None for case in listed)),
        "skipped": str(sum(bool(case.skipped) for case in listed)),
    }


def _add(suite: ET.Element, case: Case) -> None:
    place = {"file": case.span.file, "line": str(case.span.line)} if case.span else {}
    attributes = {"classname": case.suite, "name": case.name, **place}
    element = ET.SubElement(suite, "testcase", {k: _clean(v) for k, v in attributes.items()})
    for tag, fault in (("failure", case.failure), ("error", case.error)):
        if fault is not None:
            child = ET.SubElement(
                element, tag, type=_clean(fault.type), message=_clean(fault.message)
            )
            child.text = "\n".join(map(_clean, fault.lines))
    if case.skipped:
        ET.SubElement(element, "skipped", message=_clean(case.skipped))
    if case.out:
        _lines(element, "system-out", case.out)


def _lines(parent: ET.Element, tag: str, lines: Iterable[str]) -> None:
    ET.SubElement(parent, tag).text = "\n".join(map(_clean, lines))


def _clean(text: str) -> str:
    """`text` with nothing that XML 1.0 can't hold."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", printable(text))
