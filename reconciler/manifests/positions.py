"""Where things are in a file: the same pass over events, keeping positions instead of values.

Several times slower than reading, so it is done only for files of which something must be said.
"""

import bisect
import re
from array import array
from dataclasses import dataclass, field
from typing import Any

import yaml

from reconciler.manifests.faults import At
from reconciler.manifests.limits import MAX_DEPTH, MAX_DOCUMENTS, MAX_VALUES
from reconciler.manifests.parser import open_parser

_LINE_BREAK = re.compile(r"\r\n|\n|\r")


@dataclass(slots=True)
class Node:
    """A value: where it starts and ends, in characters; `flow` for `[…]` and `{…}`."""

    start: int
    end: int
    text: str | None = None
    flow: bool = False
    entries: dict[str, "Entry"] | None = None
    items: list["Node"] | None = None


@dataclass(slots=True)
class Entry:
    """A key and its value; the value is missing while the file is broken after the key."""

    start: int
    end: int
    value: Node | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The nearest thing to a path: `depth` segments of it exist, the last as `entry` or `node`."""

    depth: int
    node: Node | None
    entry: Entry | None


class Text:
    """The text of a file with its lines."""

    __slots__ = ("starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = array("L", (0, *(found.end() for found in _LINE_BREAK.finditer(text))))

    def point(self, index: int) -> tuple[int, int]:
        """Line and column of a character, from 1; an index past the end means the end."""
        index = max(0, min(index, len(self.text)))
        line = bisect.bisect_right(self.starts, index)
        return line, index - self.starts[line - 1] + 1

    def line(self, number: int) -> str:
        """A line without its break."""
        start = self.starts[number - 1]
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")


@dataclass(slots=True)
class _Frame:
    node: Node
    entry: Entry | None = None


@dataclass(slots=True)
class _Builder:
    shift: int
    documents: list[Node | None] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    nodes: int = 0
    stack: list[_Frame] = field(default_factory=list)
    anchors: dict[str, Node] = field(default_factory=dict)

    def event(self, event: yaml.Event) -> None:
        match event:
            case yaml.DocumentStartEvent(start_mark=mark):
                self.documents.append(None)
                self.starts.append((mark.index if mark else 0) + self.shift)
                self.stack, self.anchors, self.nodes = [], {}, 0
            case yaml.AliasEvent():
                node = self._node(event)
                known = self.anchors.get(str(event.anchor))
                if known is not None:
                    node.text, node.entries, node.items = known.text, known.entries, known.items
                self._put(node)
            case yaml.ScalarEvent():
                self._put(self._node(event, text=event.value))
            case yaml.MappingStartEvent():
                self._open(self._node(event, flow=bool(event.flow_style), entries={}))
            case yaml.SequenceStartEvent():
                self._open(self._node(event, flow=bool(event.flow_style), items=[]))
            case yaml.CollectionEndEvent() if self.stack:
                node = self.stack.pop().node
                if node.flow and event.end_mark:
                    node.end = event.end_mark.index + self.shift

    def _node(self, event: Any, **parts: Any) -> Node:
        self.nodes += 1
        if self.nodes > MAX_VALUES:
            raise yaml.YAMLError  # reading went no further either
        start, end = event.start_mark.index + self.shift, event.end_mark.index + self.shift
        node = Node(start, end, **parts)
        if event.anchor is not None and not isinstance(event, yaml.AliasEvent):
            self.anchors[event.anchor] = node
        return node

    def _open(self, node: Node) -> None:
        self._put(node)
        self.stack.append(_Frame(node))
        if len(self.stack) > MAX_DEPTH:
            raise yaml.YAMLError

    def _put(self, node: Node) -> None:
        if not self.stack:
            self.documents[-1] = node
            return
        frame = self.stack[-1]
        if frame.node.items is not None:
            frame.node.items.append(node)
            frame.node.end = node.end
        elif frame.entry is None:
            frame.entry = Entry(node.start, node.end)
            if frame.node.entries is not None and node.text is not None:
                frame.node.entries.setdefault(node.text, frame.entry)
        else:
            frame.entry.value = node
            frame.node.end = node.end
            frame.entry = None


def locate(data: bytes, shift: int = 0) -> tuple[list[Node | None], list[int]]:
    """The tree of each document, as far as the file can be read, and where each starts.

    `data` is a file, or what of it begins with its character `shift`, where a document starts.
    """
    builder = _Builder(shift)
    try:
        parser = open_parser(data)
        while (event := parser.get_event()) is not None:
            builder.event(event)
    except yaml.YAMLError:
        pass  # reading has said so already
    return builder.documents, builder.starts


def starts_of(data: bytes) -> list[int]:
    """Where each document starts, as far as the file can be read; much less work than `locate`."""
    starts: list[int] = []
    try:
        parser = open_parser(data)
        while (event := parser.get_event()) is not None and len(starts) <= MAX_DOCUMENTS:
            if isinstance(event, yaml.DocumentStartEvent):
                starts.append(event.start_mark.index if event.start_mark else 0)
    except yaml.YAMLError:
        pass  # as above
    return starts


def find(root: Node, path: At) -> Found:
    """The thing at `path`, or the nearest thing above it.

    A text segment inside a list stands for the first item with that text, or that `name`.
    """
    node: Node | None = root
    found = Found(0, root, None)
    for depth, segment in enumerate(path, start=1):
        if node is None:
            break
        if node.entries is not None and isinstance(segment, str) and segment in node.entries:
            entry = node.entries[segment]
            node = entry.value
            found = Found(depth, node, entry)
            continue
        item = _item(node, segment)
        if item is None:
            break
        node = item
        found = Found(depth, item, None)
    return found


def _item(node: Node, segment: str | int) -> Node | None:
    items = node.items or []
    if isinstance(segment, int):
        return items[segment] if segment < len(items) else None
    return next((item for item in items if segment in (item.text, _name(item))), None)


def _name(item: Node) -> str | None:
    named = (item.entries or {}).get("name")
    return named.value.text if named is not None and named.value is not None else None
