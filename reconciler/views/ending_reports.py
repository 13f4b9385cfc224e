"""How an apply ended, as JUnit XML, as annotations and as SARIF."""

from collections.abc import Iterator

from reconciler.diagnostics import PLAIN, printable
from reconciler.execution import Outcome, Report, Result
from reconciler.views.annotations import Annotation, commands
from reconciler.views.ending import OUTCOMES, Ending, lines_of_result
from reconciler.views.junit import Case, Fault, junit_xml
from reconciler.views.report_text import outcome_line
from reconciler.views.sarif import Finding, rule_of, sarif_text

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


def ending_sarif(ending: Ending) -> str:
    """What wasn't done, for code scanning; what was done is no finding."""
    report = ending.report
    left = [result for result in report.results if result.outcome in _RULES]
    named = {result.outcome for result in left}
    rules = [rule for outcome, rule in _RULES.items() if outcome in named]
    found = [_finding(result) for result in left]
    if report.stopped is not None:
        rules.insert(0, _STOPPED)
        lines = (report.stopped.message, *_stopped(report))
        text, about = "\n".join(map(printable, lines)), (ending.noun, report.stopped.message)
        found.insert(
            0, Finding(rule=_STOPPED["id"], level="error", text=text, span=None, about=about)
        )
    return sarif_text(rules, found, ending.home)


_STOPPED = rule_of(
    "apply-stopped",
    "The platform ended the run for all that was left, such as by no longer taking the credential.",
    ("mend what it says", "apply again: it goes on where this run stopped"),
    level="error",
)
_RULES = {
    Outcome.FAILED: rule_of(
        "apply-failed",
        "A change wasn't made, or not to its end; what came before it is in the state.",
        ("mend what it says", "apply again"),
        level="error",
    ),
    Outcome.UNKNOWN: rule_of(
        "apply-uncertain",
        "A call was sent and not answered, so that nobody knows whether it happened.",
        ("apply again: it looks first whether it happened, and makes no duplicate",),
        level="error",
    ),
    Outcome.REFUSED: rule_of(
        "apply-refused",
        "A guard or a rule of the policy held a change back.",
        ("change the manifest, or let the change through by name: `--allow`",),
        level="error",
    ),
    Outcome.PENDING: rule_of(
        "apply-pending",
        "A server waits until a person has signed in.",
        ("that person runs `reconciler connect`",),
        level="warning",
    ),
    Outcome.SKIPPED: rule_of(
        "apply-skipped",
        "A change wasn't tried, because another that it needs wasn't made, or the run ended.",
        ("apply again when the rest is mended",),
        level="note",
    ),
}


def _finding(result: Result) -> Finding:
    rule, change = _RULES[result.outcome], result.change
    head = f"{change.address} {OUTCOMES[result.outcome]}: {result.message}"
    return Finding(
        rule=rule["id"],
        level=rule["defaultConfiguration"]["level"],
        text="\n".join(map(printable, (head, *lines_of_result(result)))),
        span=change.span,
        about=(str(change.address), result.message),
    )


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
