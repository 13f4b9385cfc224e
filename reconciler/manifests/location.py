"""Turns faults into diagnostics with their place, and answers where a field is written.

Files are read again and located only when asked, and only a few are kept.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.diagnostics import Diagnostic, Diagnostics, Span
from reconciler.manifests import files
from reconciler.manifests.excerpts import excerpt, expression_excerpt
from reconciler.manifests.faults import (
    At,
    Fault,
    InDocument,
    InFile,
    InScalar,
    InText,
    Part,
    Place,
)
from reconciler.manifests.positions import Entry, Node, Text, find, locate
from reconciler.manifests.scalar_points import index_of
from reconciler.resources import Address, Path

_KEPT_FILES = 16


@dataclass(frozen=True, slots=True)
class _Located:
    text: Text
    documents: list[Node | None]


@dataclass(slots=True, repr=False)
class FileLocator:
    """Where things are; the door's `Locator`.

    `homes` says which document of which file holds each address. `valid` says that the manifests
    have no fault, so no literal secret either, and whole entries may be shown.
    """

    homes: Mapping[Address, tuple[str, int]]
    valid: bool = False
    _cache: "OrderedDict[str, _Located | None]" = field(default_factory=OrderedDict)

    def span(self, address: Address, path: Path = ()) -> Span | None:
        """The key of a field of the spec, or the nearest key above it; without a path, the name.

        A segment may also be the text of a list's item, `("members", "ana@acme.example")`, or the
        name of one: `("policy", "only-ours")`.
        """
        home = self.homes.get(address)
        if home is None:
            return None
        at: At = ("spec", *path) if path else ("metadata", "name")
        return self.place(InDocument(*home, at, Part.KEY if path else Part.VALUE))

    def place(self, place: Place, *, hidden: bool = False) -> Span:
        """The span of a place; a file that can't be read any more gives its first line."""
        match place:
            case InFile(file=file, line=line, column=column):
                return _at(file, line, column)
            case InText(file=file, start=start, end=end):
                located = self._located(file)
                if located is None:
                    return _at(file)
                return self._span(file, located.text, start, end, hidden=hidden)
            case InDocument(file=file):
                located = self._located(file)
                if located is None:
                    return _at(file)
                return self._in_document(place, located, hidden=hidden)
            case InScalar(file=file, document=document, at=at):
                located = self._located(file)
                span = None if located is None else _in_scalar(place, located)
                return span or self.place(InDocument(file, document, at, Part.KEY), hidden=hidden)

    def diagnostics(self, faults: Sequence[Fault]) -> Diagnostics:
        """Every fault with its place; a second fault about the very same words is dropped."""
        said: set[tuple[str, int, int, str]] = set()
        result: list[Diagnostic] = []
        for fault in faults:
            item = self._diagnostic(fault)
            if item.span is not None and isinstance(fault.place, InText):
                said.add((item.span.file, item.span.line, item.span.column, ""))
            result.append(item)
        return Diagnostics.of(
            item
            for item, fault in zip(result, faults, strict=True)
            if item.span is None
            or not isinstance(fault.place, InDocument)
            or (item.span.file, item.span.line, item.span.column, "") not in said
        )

    def _diagnostic(self, fault: Fault) -> Diagnostic:
        span = None
        if fault.place is not None:
            span = self.place(fault.place, hidden=fault.hidden)
        related = tuple(f"{words} {self.place(place)}" for words, place in fault.related)
        return Diagnostic(
            code=fault.code,
            message=fault.message,
            span=span,
            label=fault.label,
            notes=(*fault.notes, *related),
            help=fault.help,
            severity=fault.severity,
            address=fault.address,
        )

    def _in_document(self, place: InDocument, located: _Located, *, hidden: bool) -> Span:
        root = None
        if place.document < len(located.documents):
            root = located.documents[place.document]
        if root is None:
            return _at(place.file)
        found = find(root, place.at)
        exact = found.depth == len(place.at)
        node, entry, text = found.node, found.entry, located.text
        if entry is not None and (place.part is Part.KEY or not exact or node is None):
            return self._entry_span(place.file, text, entry, hidden=hidden and exact)
        if node is None:
            return _at(place.file)
        if not exact or (found.depth == 0 and node.entries):
            first = next(iter((node.entries or {}).values()), None)
            if first is not None:
                return self._entry_span(place.file, text, first)
        end = node.end
        if node.text is None and not node.flow:
            end = min(end, _line_end(text, node.start))
        return self._span(place.file, text, node.start, end, hidden=hidden)

    def _entry_span(self, file: str, text: Text, entry: Entry, *, hidden: bool = False) -> Span:
        span = self._span(file, text, entry.start, entry.end, key=True, hidden=hidden)
        if not self.valid or entry.value is None:
            return span
        line = text.line(span.line)
        end = text.point(entry.value.end)
        shown = line[: end[1] - 1] if end[0] == span.line else line[: span.end_column - 1] + ":"
        return _with_excerpt(span, shown)

    def _span(
        self,
        file: str,
        text: Text,
        start: int,
        end: int,
        *,
        key: bool = False,
        hidden: bool = False,
    ) -> Span:
        line, column = text.point(start)
        end_line, end_column = text.point(max(start, end))
        whole = text.line(line)
        stop = end_column - 1 if end_line == line else len(whole)
        shown = excerpt(whole, column - 1, stop, key=key, hidden=hidden)
        return Span(
            file=file,
            line=line,
            column=column,
            end_line=end_line,
            end_column=end_column,
            excerpt=shown,
        )

    def _located(self, file: str) -> _Located | None:
        if file in self._cache:
            self._cache.move_to_end(file)
            return self._cache[file]
        located = None
        try:
            data = files.read(file).removeprefix(files.BYTE_ORDER_MARK)
            located = _Located(Text(data.decode()), locate(data))
        except (OSError, UnicodeDecodeError):
            pass  # it was readable a moment ago: the place is then the file itself
        self._cache[file] = located
        if len(self._cache) > _KEPT_FILES:
            self._cache.popitem(last=False)
        return located


def _in_scalar(place: InScalar, located: _Located) -> Span | None:
    """One character of an expression; None when the file doesn't write it as it is."""
    root = located.documents[place.document] if place.document < len(located.documents) else None
    found = find(root, place.at) if root is not None else None
    node = found.node if found is not None and found.depth == len(place.at) else None
    if node is None or node.text is None:
        return None
    text = located.text
    index = index_of(text.text[node.start : node.end], node.text, place.line, place.column)
    if index is None:
        return None
    line, column = text.point(node.start + index)
    whole = text.line(line)
    first, last = text.point(node.start), text.point(node.end)
    start = first[1] - 1 if first[0] == line else len(whole) - len(whole.lstrip())
    end = last[1] - 1 if last[0] == line else len(whole)
    return Span(
        file=place.file,
        line=line,
        column=column,
        end_line=line,
        end_column=min(column, len(whole)) + 1,
        excerpt=expression_excerpt(whole, start, end),
    )


def _at(file: str, line: int = 1, column: int = 1) -> Span:
    return Span(file=file, line=line, column=column, end_line=line, end_column=column)


def _line_end(text: Text, index: int) -> int:
    line, column = text.point(index)
    return index - (column - 1) + len(text.line(line).rstrip())


def _with_excerpt(span: Span, shown: str) -> Span:
    return Span(
        file=span.file,
        line=span.line,
        column=span.column,
        end_line=span.end_line,
        end_column=span.end_column,
        excerpt=shown,
    )
