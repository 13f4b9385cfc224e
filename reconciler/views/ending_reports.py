"""How an apply ended, as JUnit XML and as annotations."""

from collections.abc import Iterator

from reconciler.diagnostics import PLAIN
from reconciler.execution import Outcome, Report, Result
from reconciler.views.annotations import Annotation, commands
from reconciler.views.ending import Ending, lines_of_result
from reconciler.views.junit import Case, Fault, junit_xml
from reconciler.views.report_text import outcome_line

_BROKEN = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.REFUSED)


def ending_junit(ending: Ending) -> str:
    """What failed or is refused fails, what waits for a sign-in or wasn't tried is skipped."""
    report = ending.report
    cases = sorted(map(_case, report.results), key=lambda case: (case.suite, case.name))
    if report.stopped is not None:
        fault = Fault(
            type="stopped", message=report.stopped.message, lines=[*_stopped(ending.report)]
        )
        name = ending.noun.lower()
        cases.append(Case(suite=name, name=name, error=fault))
    return junit_xml(ending.noun, cases)


def ending_annotations(ending: Ending) -> str:
    """What needs somebody, on the lines of the manifests."""
    errors = [_annotation(result) for result in ending.report.results if result.outcome in _BROKEN]
    stopped = ending.report.stopped
    if stopped is not None:
        errors.insert(0, Annotation(title="stopped", lines=(stopped.message, *stopped.help)))
    return commands(errors, [_annotation(result) for result in ending.report.of(Outcome.PENDING)])


def _case(result: Result) -> Case:
    change = result.change
    name, suite = str(change.address), change.address.kind
    told = tuple(lines_of_result(result))
    fault = Fault(type=result.outcome, message=result.message, lines=told)
    match result.outcome:
        case Outcome.APPLIED:
            line = outcome_line(result, PLAIN).strip()
            return Case(suite=suite, name=name, out=[line], span=change.span)
        case Outcome.PENDING | Outcome.SKIPPED:
            why = f"{result.outcome}: {result.message}"
            return Case(suite=suite, name=name, skipped=why, out=told, span=change.span)
        case Outcome.FAILED | Outcome.REFUSED:
            return Case(suite=suite, name=name, failure=fault, span=change.span)
        case Outcome.UNKNOWN:
            return Case(suite=suite, name=name, error=fault, span=change.span)


def _annotation(result: Result) -> Annotation:
    return Annotation(
        title=f"{result.outcome}: {result.change.address}",
        lines=(result.message, *lines_of_result(result)),
        span=result.change.span,
    )


def _stopped(report: Report) -> Iterator[str]:
    if report.stopped is not None:
        if report.stopped.call:
            yield f"while: {report.stopped.call}"
        yield from (f"help: {text}" for text in report.stopped.help)
