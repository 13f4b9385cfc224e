"""Others' text in Markdown: it stays text, pings nobody and links nowhere.

What comes from a workspace or a manifest is either in a code span, a fence or a `<code>` element,
where GitHub and GitLab look for no mentions and references, or in running text with every mark
escaped and a zero-width space behind what begins a mention or a reference. (GitHub and GitLab look
for those in what was rendered, so an escape of Markdown's own doesn't keep them from it.)
"""

import re
from collections.abc import Iterable
from html import escape

from reconciler.diagnostics import printable
from reconciler.views.places import percent

_GAP = "&#8203;"
_MARKS = re.compile(r"[\\`*_\[\]<>|~$]")
_BEGINS = re.compile(r"&|@|#|!|:(?=//)|(?<=www)\.|(?<=GH)-(?=\d)", re.IGNORECASE)
_TICKS = re.compile("`+")
_SPANS = re.compile(
    r"""(?<!`)`(?P<quoted>[^`]+)`(?!`)         # as diagnostics name things
    | https?://[^\s`<>"]*[^\s`<>"'.,;:)]      # an address, without what ends its sentence
    | [\w.+-]+@[\w.-]*\w                      # a person's""",
    re.VERBOSE,
)


def code(text: str) -> str:
    """`text` as a code span, whatever backticks are in it."""
    shown = printable(text)
    if not shown.strip(" "):
        return "(empty)"
    ticks = "`" * (_longest(shown) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def tag(text: str) -> str:
    """`text` as a `<code>` element, for lines of HTML, where Markdown isn't read."""
    return f"<code>{escape(printable(text))}</code>"


def plain(text: str) -> str:
    """`text` as running text; addresses, and what stands between backticks, become code spans."""
    shown, told, end = printable(text), [], 0
    for found in _SPANS.finditer(shown):
        told += [_escaped(shown[end : found.start()]), code(found["quoted"] or found.group())]
        end = found.end()
    return "".join((*told, _escaped(shown[end:])))


def fence(lines: Iterable[str], language: str = "") -> str:
    """The lines as a fenced block that none of them can end."""
    shown = [printable(line) for line in lines]
    ticks = "`" * max(3, *(_longest(line) + 1 for line in shown), 3)
    return "\n".join((f"{ticks}{language}", *shown, f"{ticks}\n"))


def link(text: str, url: str) -> str:
    """A link of our own to an address that the caller gave."""
    safe = "".join(
        char if char.isprintable() and char not in ' <>\\"' else percent(char) for char in url
    )
    return f"[{text}](<{safe}>)"


def _escaped(text: str) -> str:
    marked = _MARKS.sub(lambda found: f"\\{found.group()}", text)
    return _BEGINS.sub(_gap, marked)


def _gap(found: re.Match[str]) -> str:
    return f"&amp;{_GAP}" if found.group() == "&" else f"{found.group()}{_GAP}"


def _longest(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)
