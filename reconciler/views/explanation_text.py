"""Pages of explanations as text, JSON and Markdown. Pure."""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

from reconciler.diagnostics import PLAIN, Palette
from reconciler.explanations import Child, Explanation, Sort

_WIDTH = 80
_LABELS = 14
_REFERENCE = {"env", "file", "vault"}
_ORDER = (Sort.KIND, Sort.FIELD, Sort.GATE, Sort.CODE, Sort.EXIT)
_TITLES = {
    Sort.KIND: "Kinds",
    Sort.FIELD: "Fields",
    Sort.GATE: "Gates",
    Sort.CODE: "Diagnostic codes",
    Sort.EXIT: "Exit codes",
}


def explanation_text(page: Explanation, palette: Palette = PLAIN, width: int = _WIDTH) -> str:
    """The page for people: what it means first, what to do last. `width` in columns."""
    lines = [f"{palette.bold(page.topic)}  {palette.dim(page.sort.value)}"]
    if page.means:
        lines += ["", *_wrapped(page.means, "  ", "  ", width)]
    if page.facts:
        lines.append("")
        for label, text in page.facts:
            lines += _wrapped(text, f"  {label:<{_LABELS}}", " " * (_LABELS + 2), width)
    for title, example in (("wrong", page.bad), ("right", page.good)):
        if example:
            name = title if page.bad else "example"
            lines += ["", palette.bold(name), *_shown(example)]
    if page.children:
        lines += ["", palette.bold("fields")]
        for child in page.children:
            lines += _child(child, palette, width)
    if page.todo:
        lines += ["", palette.bold("what to do")]
        for text in page.todo:
            lines += _wrapped(text, "  - ", "    ", width)
    return "\n".join(lines) + "\n"


def topics_text(pages: Iterable[Explanation], palette: Palette = PLAIN) -> str:
    """The list of topics, without the fields below a kind."""
    lines: list[str] = []
    for sort, group in _grouped(pages):
        if sort is Sort.FIELD:
            continue
        lines += [palette.bold(_TITLES[sort])]
        for page in group:
            first = page.means.partition(". ")[0].rstrip(".")
            lines.append(f"  {page.topic:<24} {textwrap.shorten(first, 54, placeholder=' …')}")
        lines.append("")
    lines.append("reconciler explain TOPIC tells more; fields are KIND.field.path")
    return "\n".join(lines) + "\n"


def explanation_json(page: Explanation) -> dict[str, Any]:
    """The page as a JSON value (`schemas/explanation.schema.json`)."""
    return {
        "topic": page.topic,
        "sort": page.sort.value,
        "means": page.means,
        "facts": dict(page.facts),
        "wrong": page.bad or None,
        "right": page.good or None,
        "fields": [
            {
                "name": child.name,
                "type": child.type,
                "required": child.required,
                "modes": list(child.modes),
                "means": child.means,
            }
            for child in page.children
        ],
        "todo": list(page.todo),
    }


def reference_markdown(pages: Iterable[Explanation]) -> str:
    """All pages as one Markdown document, for guides; references to secrets are told once."""
    lines = ["# Reference", ""]
    for sort, group in _grouped(_without_repeats(pages)):
        lines += [f"## {_TITLES[sort]}", ""]
        for page in group:
            lines += _section(page)
    return "\n".join(lines).rstrip() + "\n"


def _without_repeats(pages: Iterable[Explanation]) -> Iterator[Explanation]:
    """The pages, with the ways to refer to a secret spelled out for the first field alone."""
    first, others = "", ""
    for page in pages:
        if others and page.topic.startswith(f"{others}."):
            continue
        others = ""
        if {child.name for child in page.children} >= _REFERENCE:
            if first:
                others = page.topic
                told = (*page.facts, ("reference", f"as `{first}`"))
                page = replace(page, facts=told, children=())  # noqa: PLW2901 - told shorter
            else:
                first = page.topic
        yield page


def _grouped(pages: Iterable[Explanation]) -> Iterator[tuple[Sort, list[Explanation]]]:
    ordered = sorted(pages, key=lambda page: _ORDER.index(page.sort))
    for sort, group in groupby(ordered, key=lambda page: page.sort):
        yield sort, list(group)


def _section(page: Explanation) -> Iterator[str]:
    yield f"### `{page.topic}`"
    yield ""
    if page.means:
        yield page.means
        yield ""
    if page.facts:
        yield from (f"- **{label}**: {text}" for label, text in page.facts)
        yield ""
    for title, example in (("Wrong", page.bad), ("Right", page.good)):
        if example:
            yield f"{title if page.bad else 'Example'}:"
            yield from ("", "```yaml", *example.rstrip().splitlines(), "```", "")
    if page.children:
        yield from ("| field | type | |", "|---|---|---|")
        for child in page.children:
            required = "required. " if child.required else ""
            required += f"Mode {', '.join(child.modes)}. " if child.modes else ""
            means = child.means.replace("|", "\\|")
            yield f"| `{child.name}` | {child.type} | {required}{means} |"
        yield ""
    if page.todo:
        yield from ("What to do:", "", *(f"- {text}" for text in page.todo), "")


def _child(child: Child, palette: Palette, width: int) -> Iterator[str]:
    required = ", required" if child.required else ""
    required += f" (mode {', '.join(child.modes)})" if child.modes else ""
    yield f"  {palette.bold(child.name)}  {palette.dim(child.type + required)}"
    yield from _wrapped(child.means, "      ", "      ", width)


def _shown(example: str) -> list[str]:
    return [
        f"  {line if len(line) <= _WIDTH else line[:_WIDTH] + ' …'}".rstrip()
        for line in example.rstrip().splitlines()
    ]


def _wrapped(text: str, first: str, later: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )
