"""How an apply ended, as Markdown: what needs somebody first, what went well last."""

from collections.abc import Iterator, Sequence

from reconciler.diagnostics import PLAIN
from reconciler.execution import Outcome, Result
from reconciler.resources import Each
from reconciler.views.ending import OUTCOMES, Ending, lines_of_result
from reconciler.views.markdown.blocks import bullet, head_of, link_foot, place, said, section
from reconciler.views.markdown.escaping import code
from reconciler.views.markdown.fitting import Measure, Section, fitted
from reconciler.views.report_text import PAST, summary


def ending_markdown(ending: Ending, *, link_to: str = "", limit: int, measure: Measure) -> str:
    """The end in at most `limit` units of `measure`; `link_to` is where the whole of it is."""
    head = head_of(ending.noun, ending.workspace, summary(ending.report, PLAIN))
    sections = [each for each in _sections(ending) if each.items]
    foot = link_foot(link_to, ())
    return fitted(f"{head}\n", sections, foot, limit=limit, measure=measure)


def _sections(ending: Ending) -> Iterator[Section]:
    report = ending.report
    if report.stopped is not None:
        stopped = report.stopped
        lines = [f"- {said(stopped.message)}\n"]
        lines += [f"{bullet('while', stopped.call)}\n"] if stopped.call else []
        lines += [f"{bullet('help', text)}\n" for text in stopped.help]
        lines.append("- help: apply again afterwards: it goes on where this run stopped\n")
        yield section("Stopped", [(line,) for line in lines], "lines")
    yield _of("Failed", (*report.of(Outcome.FAILED), *report.of(Outcome.UNKNOWN)))
    yield _of("Waiting for a sign-in", report.of(Outcome.PENDING))
    yield _of("Refused, and held back", report.of(Outcome.REFUSED))
    yield _of("Not tried", report.of(Outcome.SKIPPED))
    yield section("Applied", Each(_done, _applied(ending)), "changes")


def _applied(ending: Ending) -> tuple[Result, ...]:
    return ending.report.of(Outcome.APPLIED)


def _of(title: str, results: Sequence[Result]) -> Section:
    return section(title, Each(_result, results), "changes")


def _done(result: Result) -> tuple[str, ...]:
    return (f"- {code(str(result.change.address))} {PAST[result.change.action]}\n",)


def _result(result: Result) -> tuple[str, ...]:
    change = result.change
    head = f"- **{OUTCOMES[result.outcome]}** {change.action} {code(str(change.address))}"
    brief = f"{head}: {said(result.message)}\n"
    details = [f"  - {said(text)}" for text in lines_of_result(result)]
    full = "\n".join((f"{head}{place(change.span)}: {said(result.message)}", *details)) + "\n"
    return full, brief, f"{head}\n"
