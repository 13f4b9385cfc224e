"""Pieces of Markdown that close what they open: folds, bullets, counts of what is left out."""

from collections.abc import Callable, Iterable

from reconciler.diagnostics import Span
from reconciler.views.markdown.escaping import code, plain
from reconciler.views.words import place_text, short

_WORDS = 1000


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


def more_lines(noun: str) -> Callable[[int], str]:
    """The line that counts what there was no room for."""

    def more(left: int) -> str:
        return f"- … and {left} more {noun}: there is no room for them here\n"

    return more
