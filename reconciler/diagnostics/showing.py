"""Others' text where people and machines read it: what can't be seen is written out, and what the
log of a pipeline would obey is broken up.

Names, messages and files of others go through `printable` wherever they are shown, and JSON
through `json_for_terminals`. Readers of the result are people, terminals, browsers, and the runners
of pipelines, which look for commands in whatever a job prints.
"""

import re
from unicodedata import category

_HIDDEN = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"))
_SPACES = frozenset(" \u00a0\u202f\u3000")  # those that people type, and that look like one
_BLANKS = frozenset(
    # Default_Ignorable_Code_Point, as far as it isn't in those categories (Unicode,
    # DerivedCoreProperties.txt), and the empty pattern of Braille.
    (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0)
) | frozenset((*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))

_PICTURES = (
    "[\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2934\u2935\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
# What is unseen and has its place: one joiner between two pictures, one selector behind a picture
# or in a keycap, a joiner behind a virama (RFC 5892, A.1 and A.2). Nothing can be hidden in these.
_AT_HOME = re.compile(
    rf"((?<={_PICTURES})\ufe0f|(?:(?<={_PICTURES})|(?<={_PICTURES}\ufe0f))\u200d(?={_PICTURES})"
    r"|(?<=[0-9#*])" + "\ufe0f(?=\u20e3)"
    "|(?<=[\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca])"
    "[\u200c\u200d](?=[\u0900-\u0dff]))"
)
_JOINERS = re.compile("[\u200c\u200d\ufe0f]")
_TAGS = re.compile("[\U000e0020-\U000e007e]+")

# GitHub's runner takes `##[name]` for a command anywhere in a line, and `::name::` at its start,
# white space left out (actions/runner, ActionCommand.cs); Azure's agent takes `##vso[…]`.
# A space of no width wouldn't do: the runner compares by culture, which doesn't see it either.
_ORDERS = re.compile(r"(?P<hashes>##[A-Za-z]*)\[|(?<!\w):(?P<colon>:)(?=[A-Za-z])")


def printable(text: str) -> str:
    """`text` on one line, with nothing in it that is unseen, moves a cursor, turns what is beside
    it, or is a command to a pipeline's runner; each such character is shown as `<U+200B>`.

    A tab becomes a space. Tags, with which text can be written that only programs read, become
    `<hidden: text>`.
    """
    if not (text.isascii() and text.isprintable()):
        text = _visible(text)
    if "##" in text or "::" in text:
        return _ORDERS.sub(_broken, text)
    return text


def json_for_terminals(text: str) -> str:
    """JSON text with every such character escaped; a reader of the JSON gets the same value."""
    if not text.isascii() or "\x7f" in text:
        text = text.translate(_ESCAPED)
    # In JSON these stand in strings alone, and no line of it starts with what a string has in it.
    return _ORDERS.sub(_escaped, text) if "##" in text else text


def _visible(text: str) -> str:
    text = _TAGS.sub(_read, text)
    if not _JOINERS.search(text):
        return text.translate(_SHOWN)
    parts = _AT_HOME.split(text)
    parts[::2] = (part.translate(_SHOWN) for part in parts[::2])
    return "".join(parts)


def _read(found: re.Match[str]) -> str:
    return f"<hidden: {''.join(chr(ord(char) - 0xE0000) for char in found[0])}>"


def _broken(found: re.Match[str]) -> str:
    return "<U+003A>:" if found["colon"] else f"{found['hashes']}<U+005B>"


def _escaped(found: re.Match[str]) -> str:
    return found[0] if found["colon"] else f"{found['hashes']}\\u005b"


def _is_hidden(char: str) -> bool:
    kind = category(char)
    return kind in _HIDDEN or ord(char) in _BLANKS or (kind == "Zs" and char not in _SPACES)


class _Shown(dict[int, str]):
    """How each character is shown, found out when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = f"<U+{code:04X}>" if _is_hidden(chr(code)) else chr(code)
        return self[code]


class _Escaped(dict[int, str]):
    """How each character stands in JSON."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if code < 0x7F or not _is_hidden(char):
            self[code] = char
        else:
            data = char.encode("utf-16-be", "surrogatepass").hex()
            self[code] = "".join(f"\\u{data[at : at + 4]}" for at in range(0, len(data), 4))
        return self[code]


_SHOWN = _Shown({ord("\t"): " "})
_ESCAPED = _Escaped()
