"""Where a point inside a text is in the YAML that writes the text down."""

import re

_HEADER = re.compile(r"[|>][-+0-9]*[ \t]*(?:#[^\r\n]*)?(?:\r\n|\n|\r)")
_LINE = re.compile(r"(?:\r\n|\n|\r)")


def index_of(source: str, value: str, line: int, column: int) -> int | None:
    """The index in `source` of a point of `value`.

    Parameters: `source` is the scalar as the file has it, quotes or block header included; `line`
    and `column` count from 1. None when the source writes that line otherwise than the value has
    it: folded, or with escapes.
    """
    lines = value.split("\n")
    if not 1 <= line <= len(lines):
        return None
    column = min(column, len(lines[line - 1]) + 1)
    header = _HEADER.match(source)
    if header is not None:
        return _in_block(source, header.end(), lines, line, column)
    start = 1 if source[:1] in ("'", '"') else 0
    end = len(source) - start
    if line == 1 and source[start:end] == value:
        return start + column - 1
    return None


def _in_block(source: str, start: int, lines: list[str], line: int, column: int) -> int | None:
    at = start
    for number, text in enumerate(_LINE.split(source[start:]), start=1):
        wanted = lines[line - 1]
        if number == line:
            if not text.endswith(wanted) or text[: len(text) - len(wanted)].strip(" "):
                return None
            return at + len(text) - len(wanted) + column - 1
        ending = _LINE.match(source, at + len(text))
        at += len(text) + (len(ending[0]) if ending else 0)
    return None
