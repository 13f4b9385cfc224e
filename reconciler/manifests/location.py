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
from reconciler.manifests.positions import Entry, Node, Text, find, locate, starts_of
from reconciler.manifests.scalar_points import index_of
from reconciler.resources import Address, Path

_KEPT = 2 * 1024 * 1024
"""What a locator keeps: each character takes some 50 bytes as a tree."""
_KEPT_DOCUMENTS = 256


@dataclass(slots=True)
class _Located:
    """A file that was read again: `starts` are those of its documents, whose trees are dropped
    (`documents` is None) when others are asked for."""

    text: Text
    starts: list[int]
    documents: list[Node | None] | None


@dataclass(slots=True, repr=False)
class FileLocator:
    """Where things are; the door's `Locator`.

    `homes` says which document of which file holds each address. `valid` says that the manifests
    have no fault, so no literal secret either, and whole entries may be shown. `kept` are the
    characters of the files whose trees are kept whole.
    """

    homes: Mapping[Address, tuple[str, int]]
    valid: bool = False
    kept: int = _KEPT
    _files: dict[str, _Located | None] = field(default_factory=dict)
    _whole: "OrderedDict[str, _Located]" = field(default_factory=OrderedDict)
    _single: "OrderedDict[tuple[str, int], Node | None]" = field(default_factory=OrderedDict)

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
                root = located and self._root(located, file, document)
                span = _in_scalar(place, located.text, root) if located and root else None
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
        root = self._root(located, place.file, place.document)
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
        if not self.valid or entry.value is None:
            return self._span(file, text, entry.start, entry.end, key=True, hidden=hidden)
        row, column = text.point(entry.start)
        end_line, end_column = text.point(entry.end)
        line = text.line(row)
        end = text.point(entry.value.end)
        return Span(
            file=file,
            line=row,
            column=column,
            end_line=end_line,
            end_column=end_column,
            excerpt=line[: end[1] - 1] if end[0] == row else line[: end_column - 1] + ":",
        )

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
        if file not in self._files:
            located = None
            try:
                data = files.read(file).removeprefix(files.BYTE_ORDER_MARK)
                text = Text(data.decode())
                if len(text.text) > self.kept:
                    located = _Located(text, starts_of(data), None)
                else:
                    documents, starts = locate(data)
                    located = _Located(text, starts, documents)
                    self._keep(file, located)
            except (OSError, UnicodeDecodeError):
                pass  # it was readable a moment ago: the place is then the file itself
            self._files[file] = located
        return self._files[file]

    def _keep(self, file: str, located: _Located) -> None:
        self._whole[file] = located
        size = sum(len(each.text.text) for each in self._whole.values())
        while size > self.kept and len(self._whole) > 1:
            _, oldest = self._whole.popitem(last=False)
            size -= len(oldest.text.text)
            oldest.documents = None

    def _root(self, located: _Located, file: str, number: int) -> Node | None:
        """The tree of a document; of a file that was let go, that document alone is located again.

        A plan asks in the order of names, which may lead to another file each time.
        """
        if number >= len(located.starts):
            return None
        if located.documents is not None:
            self._whole.move_to_end(file)
            return located.documents[number]
        key = file, number
        if key not in self._single:
            start, *rest = located.starts[number : number + 2]
            part = located.text.text[start : rest[0] if rest else None]
            self._single[key] = next(iter(locate(part.encode(), start)[0]), None)
            if len(self._single) > _KEPT_DOCUMENTS:
                self._single.popitem(last=False)
        return self._single[key]


def _in_scalar(place: InScalar, text: Text, root: Node) -> Span | None:
    """One character of an expression; None when the file doesn't write it as it is."""
    found = find(root, place.at)
    node = found.node if found.depth == len(place.at) else None
    if node is None or node.text is None:
        return None
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
