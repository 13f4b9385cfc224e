"""What a renderer makes of Markdown, read back strictly: folds, text, links."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it import MarkdownIt

_VOID = {"hr", "br"}
_QUIET = {"code", "pre"}


@dataclass
class Rendered(HTMLParser):
    """The HTML of a report; `faults` are tags that don't nest.

    `tags` counts the elements, `loud` is all text where mentions and references are looked for.
    """

    tags: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    loud: str = ""
    text: str = ""
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @classmethod
    def of(cls, markdown: str) -> "Rendered":
        """Render as GitHub does: with tables, bare links and HTML."""
        made = cls()
        made.feed(MarkdownIt("gfm-like").render(markdown))
        made.close()
        made.faults += [f"<{name}> is never closed" for name in made._open]
        return made

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = self.tags.get(tag, 0) + 1
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.faults.append(f"</{tag}> in {self._open}")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data
        if not _QUIET.intersection(self._open):
            self.loud += data

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"a comment: {data}")
