"""YAML text to plain values, in one pass over libyaml's events and without keeping positions.

Anchors and aliases work, within limits. Tags don't (but for `!!str`, `!!map`, `!!seq`), nor do
merge keys; keys are text, and each key of a mapping is given once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from sys import intern
from typing import Any

import yaml

from reconciler.manifests import yaml_faults as faults
from reconciler.manifests.faults import At, Fault, InDocument, InText, Part
from reconciler.manifests.limits import (
    MAX_ALIASED,
    MAX_COUNTED,
    MAX_DEPTH,
    MAX_DOCUMENTS,
    MAX_VALUES,
    Extent,
    extent,
)
from reconciler.manifests.parser import open_parser
from reconciler.manifests.scalars import SPECIAL_STARTS, resolve

_TAGS: dict[str | None, type | None] = {
    "!": None,
    "tag:yaml.org,2002:str": str,
    "tag:yaml.org,2002:map": dict,
    "tag:yaml.org,2002:seq": list,
}


@dataclass(slots=True)
class Document:
    """One document: its value, its number in the file, and whether a null is in it anywhere."""

    index: int
    value: Any
    nulls: bool


@dataclass(slots=True)
class Reading:
    """What a file holds: the documents that could be read, without empty ones, and the faults.

    `complete` says that the file was read to its end.
    """

    documents: list[Document] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    complete: bool = True


class _Stop(Exception):
    """A fault after which the rest of the file can't be understood."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault


def read_documents(file: str, data: bytes) -> Reading:
    """The documents in `data`, which is UTF-8 without a byte order mark; `file` is its name."""
    reading = Reading()
    builder = _Builder(file, reading)
    try:
        get, handlers = open_parser(data).get_event, builder.handlers
        while (event := get()) is not None:
            handlers[event.__class__](event)
    except _Stop as stop:
        reading.faults.append(stop.fault)
        reading.complete = False
    except yaml.YAMLError as error:
        reading.faults.append(faults.syntax_fault(file, error, data))
        reading.complete = False
    return reading


_Handler = Callable[[Any], None]
_NO_KEY: Any = object()
_MERGE_KEY: Any = object()
_REPEATED_KEY: Any = object()
_DROPPED = (_MERGE_KEY, _REPEATED_KEY)


class _Builder:
    """Builds values from events. `box` is the collection being filled, `key` its pending key."""

    __slots__ = (
        "aliased",
        "anchors",
        "box",
        "extents",
        "file",
        "handlers",
        "index",
        "key",
        "nulls",
        "open_anchors",
        "reading",
        "stack",
        "values",
    )

    def __init__(self, file: str, reading: Reading) -> None:
        self.file = file
        self.reading = reading
        self.index = -1
        self.aliased = 0
        self._reset()
        self.handlers: dict[type, _Handler] = {
            yaml.ScalarEvent: self.scalar,
            yaml.MappingStartEvent: self.mapping,
            yaml.SequenceStartEvent: self.sequence,
            yaml.MappingEndEvent: self.close,
            yaml.SequenceEndEvent: self.close,
            yaml.AliasEvent: self.alias,
            yaml.DocumentStartEvent: self.document,
            yaml.DocumentEndEvent: self.finish,
            yaml.StreamStartEvent: self.ignore,
            yaml.StreamEndEvent: self.ignore,
        }

    def _reset(self) -> None:
        self.box: Any = []
        self.key: Any = _NO_KEY
        self.stack: list[tuple[Any, Any]] = []
        self.nulls = False
        self.values = 0
        self.anchors: dict[str, Any] = {}
        self.open_anchors: dict[int, str] = {}
        self.extents: dict[int, Extent] = {}

    def ignore(self, _event: Any) -> None:
        """Start and end of the stream."""

    def document(self, event: Any) -> None:
        self.index += 1
        if self.index >= MAX_DOCUMENTS:
            raise _Stop(faults.too_many_documents(self._place(event)))
        self._reset()

    def finish(self, _event: Any) -> None:
        (value,) = self.box
        if value is not None:
            self.reading.documents.append(Document(self.index, value, self.nulls))

    def scalar(self, event: yaml.ScalarEvent) -> None:
        self._count(event)
        value: Any = event.value
        if event.implicit[0]:
            if value[:1] in SPECIAL_STARTS or not value:
                value = resolve(value)
        elif event.tag is not None:
            self._check_tag(event, str)
        box = self.box
        if box.__class__ is dict:
            if self.key is _NO_KEY:
                self.key = self._key(event, value)
                return
            if self.key not in _DROPPED:
                box[self.key] = value
            self.key = _NO_KEY
        else:
            box.append(value)
        if value is None:
            self.nulls = True
        if event.anchor is not None:
            self.anchors[event.anchor] = value

    def mapping(self, event: yaml.MappingStartEvent) -> None:
        self._open(event, {})

    def sequence(self, event: yaml.SequenceStartEvent) -> None:
        self._open(event, [])

    def close(self, _event: Any) -> None:
        value = self.box
        self.box, self.key = self.stack.pop()
        if self.open_anchors and (name := self.open_anchors.pop(len(self.stack), None)) is not None:
            self.anchors[name] = value
            self.extents[id(value)] = extent(value, self.extents)
        self._put(value)

    def alias(self, event: yaml.AliasEvent) -> None:
        self._count(event)
        name = str(event.anchor)
        if name in self.open_anchors.values():
            raise _Stop(faults.alias_in_itself(self._place(event)))
        if name not in self.anchors:
            raise _Stop(faults.alias_of_nothing(self._place(event)))
        value = self.anchors[name]
        size, height = extent(value, self.extents)
        self.aliased += size
        if self.aliased > MAX_ALIASED:
            raise _Stop(faults.too_many_aliased(self._place(event)))
        if len(self.stack) + height > MAX_DEPTH:
            raise _Stop(faults.too_deep(self._place(event)))
        if self.box.__class__ is dict and self.key is _NO_KEY:
            self.key = self._key(event, value)
        else:
            self.nulls = self.nulls or value is None
            self._put(value)

    def _count(self, event: Any) -> None:
        self.values += 1
        if self.values > MAX_VALUES:
            raise _Stop(faults.too_many_values(self._place(event)))
        if len(self.reading.faults) > MAX_COUNTED:
            raise _Stop(self.reading.faults.pop())

    def _open(self, event: Any, value: Any) -> None:
        self._count(event)
        if event.tag is not None:
            self._check_tag(event, value.__class__)
        if self.box.__class__ is dict and self.key is _NO_KEY:
            raise _Stop(faults.key_is_no_text(self._place(event), "a list or a mapping"))
        self.stack.append((self.box, self.key))
        if len(self.stack) > MAX_DEPTH:
            raise _Stop(faults.too_deep(self._place(event)))
        if event.anchor is not None:
            self.open_anchors[len(self.stack) - 1] = event.anchor
        self.box, self.key = value, _NO_KEY

    def _put(self, value: Any) -> None:
        if self.box.__class__ is dict:
            if self.key not in _DROPPED:
                self.box[self.key] = value
            self.key = _NO_KEY
        else:
            self.box.append(value)

    def _check_tag(self, event: Any, wanted: type) -> None:
        if event.tag not in _TAGS or _TAGS[event.tag] not in (None, wanted):
            start = event.start_mark.index
            self.reading.faults.append(faults.tag(InText(self.file, start, start + 1)))

    def _key(self, event: Any, value: Any) -> Any:
        if value.__class__ is not str:
            fault = faults.key_is_no_text(self._place(event), _named(value))
            if not hasattr(event, "value"):
                raise _Stop(fault)
            self.reading.faults.append(fault)
            value = event.value
        elif value == "<<" and not getattr(event, "style", ""):
            self.reading.faults.append(faults.merge_key(self._place(event)))
            return _MERGE_KEY
        if value in self.box:
            first = InDocument(self.file, self.index, (*self._at(), value), Part.KEY)
            self.reading.faults.append(faults.repeated_key(self._place(event), first))
            return _REPEATED_KEY
        # Filled in later; until then it says that the key was seen.
        key = intern(value)
        self.box[key] = None
        return key

    def _place(self, event: Any) -> InText:
        return InText(self.file, event.start_mark.index, event.end_mark.index)

    def _at(self) -> At:
        """The path of the collection that is being filled."""
        boxes = self.stack[1:]
        return tuple(key if box.__class__ is dict else len(box) for box, key in boxes)


def _named(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case _:
            return "a list or a mapping"
