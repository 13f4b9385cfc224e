"""Pieces of Markdown that close what they open: folds, bullets, counts of what is left out."""

from collections.abc import Callable, Iterable, Sequence

from reconciler.diagnostics import Span
from reconciler.views.markdown.escaping import code, link, plain
from reconciler.views.markdown.fitting import Section
from reconciler.views.words import place_text, short

LONGEST_LINK = 2000
"""Characters of an address that a report links to."""

_WORDS, _NAME = 1000, 200


def said(text: str) -> str:
    """Others' words in running text; a very long one is cut before it is escaped."""
    return plain(short(text, _WORDS))


def bullet(label: str, text: str) -> str:
    """A list item with a label of ours."""
    return f"- {label}: {said(text)}"


def place(span: Span | None) -> str:
    """Where it is said, for behind a head; nothing without a place."""
    return f" at {code(place_text(span))}" if span else ""


def folded(summary: str, body: Iterable[str], *, opened: bool = False) -> str:
    """A fold around blocks of Markdown that each end with a line break.

    `summary` is HTML. The empty lines make the inside Markdown again.
    """
    inside = "\n".join(body)
    start = "<details open>" if opened else "<details>"
    return f"{start}<summary>{summary}</summary>\n\n{inside}\n</details>\n\n"


def head_of(noun: str, workspace: str, headline: str) -> str:
    """What it is, of which workspace, and how it stands."""
    where = f" for workspace {code(short(workspace, _NAME))}" if workspace else ""
    return f"## {plain(short(noun, _NAME))}{where}\n\n**{said(headline)}**\n"


def link_foot(link_to: str, parts: Iterable[str]) -> str:
    """The last line: where the whole of it is, and what else is to be known of it."""
    linked = [link("full report", link_to)] if 0 < len(link_to) <= LONGEST_LINK else []
    told = [*linked, *parts]
    return f"---\n\n{' · '.join(told)}\n" if told else ""


def section(title: str, items: Sequence[Sequence[str]], noun: str, *, also: str = "") -> Section:
    """A section with its count, and what `also` is to be known of it; `noun` is what its items
    are called when some are left out. Where there may be many, `items` are made one by one."""
    return Section(title=f"### {title} ({len(items)}{also})", items=items, more=more_lines(noun))


def more_lines(noun: str) -> Callable[[int], str]:
    """The line that counts what there was no room for."""

    def more(left: int) -> str:
        return f"- … and {left} more {noun}: there is no room for them here\n"

    return more
