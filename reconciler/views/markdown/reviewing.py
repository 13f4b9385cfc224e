"""A review as Markdown for a comment or a step summary: how it stands, security first, the rest."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from reconciler.diagnostics import Diagnostic, count, render_text
from reconciler.resources import Action, Change, Each, Reason, show_path
from reconciler.views.markdown.blocks import (
    bullet,
    folded,
    head_of,
    link_foot,
    place,
    said,
    section,
)
from reconciler.views.markdown.differences import FEW, FULL, Detail, difference
from reconciler.views.markdown.escaping import code, fence, plain, tag
from reconciler.views.markdown.fitting import Measure, Section, fitted
from reconciler.views.review import Concern, Effect, Item, Matter, Review
from reconciler.views.words import REASONS, ends_text, short, users_text

_VALUE, _SHORT_VALUE = 300, 60
_CALLS = 20
_DRIFT = {Reason.DRIFT: " — drift", Reason.GONE: " — drift", Reason.BOTH: " — both changed"}


def review_markdown(review: Review, *, link_to: str = "", limit: int, measure: Measure) -> str:
    """The review in at most `limit` units of `measure`; `link_to` is where the whole of it is."""
    sections = [section for section in _sections(review) if section.items]
    return fitted(_head(review), sections, _foot(review, link_to), limit=limit, measure=measure)


def _head(review: Review) -> str:
    head = head_of(review.noun, review.workspace, review.headline)
    return "\n".join((head, *_table(review), "", "")) if review.changes else f"{head}\n"


def _table(review: Review) -> Iterator[str]:
    counts = review.counts
    cells = {action.value: counts.actions[action] for action in Action}
    cells |= {"refused": counts.refused, "unchanged": counts.unchanged}
    cells |= {"drift": counts.drifted, "API calls": counts.calls}
    yield f"| {' | '.join(cells)} |"
    yield f"|{' ---: |' * len(cells)}"
    yield f"| {' | '.join(f'**{n}**' if n else '0' for n in cells.values())} |"


def _foot(review: Review, link_to: str) -> str:
    parts = []
    if review.digest:
        parts.append(f"digest {code(review.digest)}")
        parts.append(f"made {said(review.made_at)}, expires {said(review.expires_at)}")
    return link_foot(link_to, parts)


def _sections(review: Review) -> Iterator[Section]:
    yield section("Errors", Each(_diagnostic, review.errors), "errors")
    if review.failure:
        yield section("Why", Each(_said, review.failure.notes), "lines")
        yield section("What to do", Each(_said, review.failure.help), "lines")
    for concern in Concern:
        yield _concern(concern, [each for each in review.matters if each.concern is concern])
    yield section("Refused, and held back", Each(_refused, review.refused), "refused changes")
    yield section("Changes by the manifests", Each(_item, review.introduced), "changes")
    yield section("There before: drift and leftovers", Each(_item, review.standing), "changes")
    yield section("Warnings", Each(_diagnostic, review.warnings), "warnings")
    yield section("Notes", Each(_said, tuple(_notes(review))), "notes")


def _concern(concern: Concern, matters: Sequence[Matter]) -> Section:
    looser = sum(matter.effect is Effect.LOOSENS for matter in matters)
    also = f", {looser} looser" if looser else ""
    return section(f"Security-relevant: {concern}", Each(_matter, matters), "items", also=also)


def _diagnostic(item: Diagnostic) -> tuple[str, ...]:
    head = f"- **{item.severity}** {code(item.code)}{place(item.span)}: "
    brief = f"{head}{said(item.message)}\n"
    full = [f"{head}{said(item.message)}"]
    full += [f"  {bullet('note', text)}" for text in item.notes]
    full += [f"  {bullet('help', text)}" for text in item.help]
    return "\n".join(full) + "\n", brief


def _matter(matter: Matter) -> tuple[str, ...]:
    def head(characters: int) -> str:
        sign = {Effect.LOOSENS: "⚠ ", Effect.DESTROYS: "⚠ "}.get(matter.effect, "")
        line = f"- {sign}{code(str(matter.address))} {plain(matter.message)}"
        if matter.path:
            line += f": {code(show_path(matter.path))} "
            line += code(ends_text(matter.before, matter.after, characters))
        return line

    held = _DRIFT.get(matter.reason, "")
    held += f" — refused, gate {code(matter.gate)}" if matter.gate else ""
    where = place(matter.span)
    details = [f"  - {said(text)}" for text in matter.details]
    full = "\n".join((f"{head(_VALUE)}{where}{held}", *details)) + "\n"
    return full, f"{head(_SHORT_VALUE)}{held}\n"


def _refused(change: Change) -> Sequence[str]:
    assert change.refusal is not None
    told = change.refusal.diagnostic
    gate = f"gate {code(change.refusal.gate)}"
    brief = f"- {change.action} {code(str(change.address))}: {gate}: {said(told.message)}\n"
    summary = f"{_heading(change)}: gate {tag(change.refusal.gate)}"

    def body(detail: Detail) -> Iterator[str]:
        # Without the excerpt, which a saved plan doesn't keep: the fields below show the values.
        span = told.span and replace(told.span, excerpt=None)
        yield fence(render_text([replace(told, span=span)]).splitlines())
        yield from _change_body(change, Item(change=change, fields=change.fields), detail)

    return _made(
        lambda: folded(summary, body(FULL), opened=True),
        lambda: folded(summary, body(FEW)),
        lambda: brief,
    )


def _item(item: Item) -> Sequence[str]:
    change = item.change
    reason = REASONS[item.reason]
    summary = f"{_heading(change)}: {reason}"
    brief = f"- {change.action} {code(str(change.address))}{_title(change, code)}: {reason}"
    if item.fields and change.action is not Action.CREATE:
        names = ", ".join(show_path(field.path) for field in item.fields[: FEW.items])
        brief += f" ({count(len(item.fields), 'field')}: {code(short(names, _SHORT_VALUE))})"
    return _made(
        lambda: folded(summary, _change_body(change, item, FULL)),
        lambda: folded(summary, _change_body(change, item, FEW)),
        lambda: f"{brief}\n",
        lambda: f"- {change.action} {code(str(change.address))}\n",
    )


def _made(*versions: Callable[[], str]) -> Sequence[str]:
    """The versions of an item, each made when it is looked at: of most, that is the shortest."""
    return Each(lambda make: make(), versions)


def _heading(change: Change) -> str:
    title = _title(change, tag)
    return f"<b>{change.action}</b> {tag(str(change.address))}{title}"


def _title(change: Change, style: Callable[[str], str]) -> str:
    return f" {style(short(change.title, 100))}" if change.title != change.address.name else ""


def _change_body(change: Change, item: Item, detail: Detail) -> Iterator[str]:
    if change.span:
        yield f"Declared{place(change.span)}.\n"
    if item.fields:
        yield fence(difference(change.action, item.fields, detail), "diff")
    if not item.whole:
        yield "What the change does beyond this is told with what the manifests ask for.\n"
        return
    consequences = [f"- {said(text)}" for text in change.consequences[: detail.fields]]
    if change.users is not None:
        consequences.append(f"- {said(users_text(change.users))}")
    if consequences:
        yield "\n".join(consequences) + "\n"
    if change.operations and change.refusal is None and detail is FULL:
        calls = "; ".join(said(call.summary) for call in change.operations[:_CALLS])
        more = f" and {len(change.operations) - _CALLS} more" * (len(change.operations) > _CALLS)
        yield f"{count(len(change.operations), 'API call')}: {calls}{more}\n"


def _notes(review: Review) -> Iterator[str]:
    if review.allow:
        yield f"let through by name: {', '.join(f'`{gate}`' for gate in review.allow)}"
    yield from review.notes
    for address, path in review.not_compared:
        yield (
            f"not compared: `{show_path(path)}` of {address}; the secret, or the key for its "
            "fingerprint, isn't available here"
        )


def _said(text: str) -> tuple[str, ...]:
    return (f"- {said(text)}\n",)
