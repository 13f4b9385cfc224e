"""Reviews as Markdown: as agreed, within the limit, and nothing breaks out of its place."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.diagnostics import Code, Diagnostic, Span
from reconciler.resources import (
    Action,
    Address,
    Change,
    Each,
    FieldChange,
    Gate,
    Operation,
    Reason,
    Refusal,
    Users,
)
from reconciler.views import PlanView, Review, review_of
from reconciler.views.markdown import octets, review_markdown, utf16_units
from reconciler.views.markdown.blocks import section
from reconciler.views.markdown.escaping import code, fence, plain, tag
from reconciler.views.markdown.fitting import fitted
from reconciler.views.review import Failure, review_of_failure
from tests.views.golden_files import assert_golden
from tests.views.rendered import Rendered
from tests.views.reviews import REVIEWS, huge, mixed

LIMIT = 65_000
LINK = "https://ci.example/runs/1?a=b"
_OURS = {
    "a", "b", "code", "details", "h2", "h3", "hr", "li", "p", "pre", "strong", "summary",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_PINGS = re.compile(r"@\w|#\d|(?<!\w)[!&]\d|GH-\d", re.IGNORECASE)


def markdown(review: Review, limit: int = LIMIT) -> str:
    return review_markdown(review, link_to=LINK, limit=limit, measure=utf16_units)


def check(text: str) -> Rendered:
    """Nothing is left open, nothing is there that isn't ours."""
    made = Rendered.of(text)
    assert made.faults == []
    assert set(made.tags) <= _OURS
    assert made.links == [LINK]
    assert not _PINGS.search(made.loud)
    return made


@pytest.mark.parametrize("name", REVIEWS)
def test_a_review_reads_as_agreed(name: str) -> None:
    assert_golden(f"reports/{name}.md", markdown(REVIEWS[name]()))


def test_a_huge_review_reads_as_agreed() -> None:
    assert_golden("reports/huge.md", markdown(huge()))


@pytest.mark.parametrize("name", REVIEWS)
def test_a_review_is_well_formed_and_links_to_the_whole(name: str) -> None:
    check(markdown(REVIEWS[name]()))


@pytest.mark.parametrize("limit", [LIMIT, 20_000, 5_000])
def test_5000_changes_fit_and_use_the_room(limit: int) -> None:
    text = markdown(huge(), limit)
    assert limit * 0.9 < utf16_units(text) <= limit
    check(text)


def test_a_step_summary_is_measured_in_bytes() -> None:
    limit = 1 << 20
    text = review_markdown(huge(), limit=limit, measure=octets)
    assert limit * 0.9 < len(text.encode()) <= limit


def test_of_every_concern_something_is_told_however_many_items_the_first_has() -> None:
    text = markdown(huge())
    for concern in ("exposure", "stakes", "destruction"):
        section = text.partition(f"### Security-relevant: {concern} (")[2].partition("\n### ")[0]
        assert section.count("\n- ") > 50


def test_what_there_is_no_room_for_is_counted() -> None:
    text = markdown(huge(), 5_000)
    titles = dict(re.findall(r"^### (.+) \((\d+)(?:, \d+ looser)?\)$", text, re.MULTILINE))
    assert titles["Changes by the manifests"] == str(len(huge().introduced))
    for title, number in titles.items():
        section = text.partition(f"### {title} (")[2].partition("\n### ")[0]
        left = re.search(r"… and (\d+) more", section)
        told = len(re.findall(r"^(?:- (?!…)|<details)", section, re.MULTILINE))
        assert told + int(left.group(1) if left else 0) == int(number)


def test_what_there_is_no_room_for_is_not_even_made() -> None:
    made: list[int] = []

    def item(number: int) -> tuple[str, ...]:
        made.append(number)
        return f"- the whole of number {number}\n", f"- {number}\n"

    listed = section("Many", Each(item, range(100_000)), "numbers")
    text = fitted("", [listed, listed], "", limit=2_000, measure=utf16_units)
    assert utf16_units(text) <= 2_000
    assert text.count("more numbers: there is no room") == 2
    assert max(made) < 1_000
    assert len(made) < 10_000


def test_the_first_changes_keep_their_details_while_there_is_room() -> None:
    made = mixed()
    whole = markdown(made)
    less = markdown(made, utf16_units(whole) - 100)
    assert 0 < less.count("<details>") <= whole.count("<details>")
    assert utf16_units(less) <= utf16_units(whole) - 100
    check(less)


@pytest.mark.parametrize(
    "text",
    [
        "@ana",
        "see #12 and !3",
        "</details>",
        "<script>alert(1)</script>",
        "[x](https://evil.example)",
        "![x](https://evil.example/a.png)",
        "https://evil.example",
        "www.evil.example",
        "ana@evil.example",
        "``` \n# heading",
        "a | b",
        "*bold* _it_ ~~no~~ $x$",
        "&lt;b&gt; &commat;ana",
        "a `code` and an open ` tick",
        "<!-- hidden",
    ],
)
@pytest.mark.parametrize("style", [plain, code])
def test_others_text_stays_text(style: object, text: str) -> None:
    assert callable(style)
    made = Rendered.of(f"- {style(text)} end\n")
    assert set(made.tags) <= {"ul", "li", "code"}
    assert made.faults == []
    assert not _PINGS.search(made.loud)
    told = made.text.replace("\u200b", "").strip()
    assert told.replace("<U+000A>", "\n").replace("`", "") == (f"{text} end".replace("`", ""))


def test_a_fence_is_longer_than_any_in_it() -> None:
    made = Rendered.of(fence(["````", "```", "</pre>"]))
    assert made.text.strip() == "````\n```\n</pre>"
    assert made.tags == {"pre": 1, "code": 1}


def test_an_element_holds_html_as_text() -> None:
    made = Rendered.of(f"<details><summary>{tag('</summary><b>&')}</summary>\n\nx\n\n</details>\n")
    assert made.faults == []
    assert "</summary><b>&" in made.text


_TRAPS = st.sampled_from(
    [
        "</details>", "</summary>", "<details>", "```", "`", "@ana", "#1", "\n", "\r\n", "\n\n",
        "](x)", "[", "<!--", "-->", "|", "\\", "&", "http://a.b", "\u202e", "🛎", "$", "!1", "GH-1",
        "<a href=x>", "~~", "**", "    ", "\t", "- ", "# ", "> ", "\x00", "\x1b", "</pre>",
        "www.a.b",
    ]
)  # fmt: skip
_TEXTS = st.lists(_TRAPS | st.text(max_size=8), max_size=8).map("".join)


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """A change with hostile text wherever text can be."""
    text = draw(_TEXTS)
    address = Address(draw(st.sampled_from(["Space", "MCPServer"])), draw(_TEXTS) or "x")
    span = Span(file=draw(_TEXTS), line=1, column=1, end_line=1, end_column=2, excerpt=text)
    values = st.one_of(st.none(), _TEXTS, st.booleans(), st.frozensets(_TEXTS, max_size=3))
    paths = st.sampled_from(
        [("spaces",), ("members",), ("headers", text), ("tools", text, "stake")]
    )
    fields = st.builds(
        FieldChange,
        path=paths,
        before=values,
        after=values,
        reason=st.sampled_from(Reason),
        span=st.none() | st.just(span),
        note=_TEXTS,
    )
    refusal = Refusal(
        gate=Gate.POLICY,
        diagnostic=Diagnostic(
            code=Code.POLICY_DENIED, message=text, span=span, notes=(text,), help=(text,)
        ),
    )
    return Change(
        address=address,
        action=draw(st.sampled_from(Action)),
        reason=draw(st.sampled_from(Reason)),
        title=draw(_TEXTS),
        fields=tuple(draw(st.lists(fields, max_size=3))),
        operations=(Operation(name="x", method="POST", path="/", summary=text),),
        consequences=(draw(_TEXTS),),
        users=draw(st.none() | st.just(Users(agents=(text,), skills=(text,)))),
        refusal=draw(st.sampled_from([None, refusal])),
        span=draw(st.none() | st.just(span)),
    )


@given(
    listed=st.lists(changes(), max_size=6),
    workspace=_TEXTS,
    times=st.sampled_from([1, 40]),
    limit=st.integers(9_000, LIMIT),
)
@settings(deadline=None, max_examples=60)
def test_whatever_a_workspace_holds_the_report_fits_and_nothing_breaks_out(
    listed: list[Change], workspace: str, times: int, limit: int
) -> None:
    view = PlanView(
        workspace=workspace,
        changes=[
            replace(change, address=Address(change.address.kind, f"{change.address.name}{n}"))
            for n in range(times)
            for change in listed
        ],
        unchanged=0,
        ignored={},
        allow=frozenset({workspace}),
    )
    text = markdown(review_of(view), limit)
    assert utf16_units(text) <= limit
    check(text)


@given(st.lists(_TEXTS, max_size=30), _TEXTS)
@settings(deadline=None, max_examples=60)
def test_whatever_stops_a_command_is_told_safely(texts: list[str], message: str) -> None:
    failure = Failure(code=1, message=message, notes=tuple(texts), help=tuple(texts))
    found = [
        Diagnostic(
            code=Code.YAML_SYNTAX,
            message=text,
            span=Span(file=text, line=1, column=1, end_line=1, end_column=1, excerpt=text),
        )
        for text in texts
    ]
    text = markdown(review_of_failure("Plan", failure, found))
    assert utf16_units(text) <= LIMIT
    check(text)


def test_a_very_long_word_is_cut_with_its_length() -> None:
    failure = Failure(code=1, message="@" * 200_000)
    text = markdown(review_of_failure("Plan", failure, []))
    assert utf16_units(text) <= LIMIT
    assert "(200007 characters)" in text
    check(text)


def test_a_link_that_breaks_out_is_encoded() -> None:
    text = review_markdown(
        REVIEWS["nothing"](),
        link_to="https://x.example/a> b\n(c)",
        limit=LIMIT,
        measure=utf16_units,
    )
    assert Rendered.of(text).links == ["https://x.example/a%3E%20b%0A(c)"]
