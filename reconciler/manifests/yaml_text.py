"""Values as YAML that a person would write, with comments; read back, they are the same values."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.diagnostics import printable
from reconciler.manifests.scalars import resolve

Path = tuple[str, ...]
Comments = Mapping[Path, Sequence[str]]
"""Lines by the path of the key that they stand above, or in whose place they stand."""

_PLAIN = re.compile(r"[A-Za-z/](?:[\w./@+-]|:(?=[\w/])| (?=[\w(]))*\Z")
# Plain to this tool, but not to readers of YAML 1.1.
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off"))
_ESCAPES = {'"': '\\"', "\\": "\\\\"}
_WIDE = 88


def scalar(value: object) -> str:
    """A scalar: text without quotes where no reader can take it for anything else."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            return _text(str(value))


def document(value: Mapping[str, Any], comments: Comments) -> str:
    """A mapping as one YAML document, its keys in the order given.

    Comments at a path that the value lacks stand at the end of the mapping that would have it.
    """
    return "\n".join([*_head(comments), *_mapping(value, (), comments)]) + "\n"


def comment(text: str) -> str:
    """One line of comment, whatever the text has in it."""
    return "# " + " ".join(printable(" ".join(text.split())).split())


def _head(comments: Comments) -> Iterator[str]:
    for line in comments.get((), ()):
        yield comment(line)


def _mapping(value: Mapping[str, Any], path: Path, comments: Comments) -> Iterator[str]:
    indent = "  " * len(path)
    for key, item in value.items():
        at = (*path, key)
        yield from (f"{indent}{comment(line)}" for line in comments.get(at, ()))
        yield from _entry(key, item, at, comments)
    for at, lines in comments.items():
        if len(at) == len(path) + 1 and at[:-1] == path and at[-1] not in value:
            yield from (f"{indent}{_verbatim(line)}" for line in lines)


def _verbatim(line: str) -> str:
    """A comment whose indentation counts: it is a field that somebody may uncomment."""
    spaces = len(line) - len(line.lstrip(" "))
    return "# " + " " * spaces + comment(line).removeprefix("# ")


def _entry(key: str, item: Any, at: Path, comments: Comments) -> Iterator[str]:
    start = f"{'  ' * (len(at) - 1)}{scalar(key)}:"
    flow = _flow(item)
    inside = any(len(other) > len(at) and other[: len(at)] == at for other in comments)
    listed = isinstance(item, (Mapping, list, tuple))
    if flow is not None and not inside and (not listed or len(start) + len(flow) < _WIDE):
        yield f"{start} {flow}"
    elif isinstance(item, Mapping):
        yield start
        yield from _mapping(item, at, comments)
    else:
        yield start
        yield from (f"{'  ' * len(at)}- {scalar(each)}" for each in item)


def _flow(item: Any) -> str | None:
    """The value on one line; None for what is better spread over several."""
    if isinstance(item, Mapping):
        if len(item) > 2 or any(isinstance(v, (Mapping, list, tuple)) for v in item.values()):
            return None
        return "{" + ", ".join(f"{scalar(k)}: {scalar(v)}" for k, v in item.items()) + "}"
    if isinstance(item, (list, tuple)):
        return "[" + ", ".join(scalar(each) for each in item) + "]"
    return scalar(item)


def _text(text: str) -> str:
    plain = _PLAIN.match(text) and text.isascii()
    if plain and text.casefold() not in _WORDS and resolve(text) == text:
        return text
    return '"' + "".join(_character(c) for c in text) + '"'


def _character(c: str) -> str:
    if c in _ESCAPES:
        return _ESCAPES[c]
    if c.isprintable() and printable(c) == c:
        return c
    number = ord(c)
    return f"\\x{number:02x}" if number < 256 else f"\\U{number:08x}"
