"""What a CEL expression may build: found in its text, before it is ever evaluated.

The runtime bounds nesting and the number of iterations, not the size of what an iteration builds:
`[s].map(a, a + a).map(a, a + a)…` doubles a text with every call. So inside the macros that
iterate nothing may be joined and no list or map of computed values made. What is left grows no
faster than the expression is long.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MACROS = frozenset(("all", "exists", "exists_one", "map", "filter"))
MOST_MACROS = 12

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n\r]*)
    |(?P<text>
        (?:[bB]?[rR]|[rR][bB])(?:\"{3}.*?\"{3}|'{3}.*?'{3}|\"[^\"\n\r]*\"|'[^'\n\r]*')
       |[bB]?(?:\"{3}(?:\\.|.)*?\"{3}|'{3}(?:\\.|.)*?'{3}
               |\"(?:\\.|[^\"\\\n\r])*\"|'(?:\\.|[^'\\\n\r])*'))
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*|`[^`\n\r]*`)
    |(?P<number>[0-9][0-9A-Za-z]*)
    |(?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
_LITERALS = frozenset(("true", "false", "null"))


@dataclass(frozen=True, slots=True)
class Excess:
    """What is too much in an expression, and where: `index` counts characters from 0."""

    index: int
    message: str
    help: str


@dataclass(frozen=True, slots=True)
class _Token:
    group: str
    text: str
    index: int


def excess(expression: str) -> Excess | None:
    """The first thing in `expression` that it could grow by without bound, or None."""
    tokens = list(_tokens(expression))
    open_: list[str] = []
    macros = 0
    for at, token in enumerate(tokens):
        before = tokens[at - 1] if at else None
        if token.text in ("(", "[", "{") and token.group == "sign":
            kind = _opened(token, before, tokens[at - 2] if at > 1 else None)
            macros += kind == "macro"
            if macros > MOST_MACROS:
                return Excess(
                    token.index,
                    f"this uses more than {MOST_MACROS} of `all`, `exists`, `exists_one`, `map` "
                    "and `filter`",
                    "make two rules of it",
                )
            if kind == "map" and "macro" in open_:
                return _builds(token, "a map")
            open_.append(kind)
        elif token.text in (")", "]", "}") and token.group == "sign":
            if open_:
                open_.pop()
        elif "macro" in open_:
            if token.text == "+":
                return _builds(token, "a sum or a longer text")
            listed = "list" in open_[open_.index("macro") :]
            if token.group == "name" and listed and token.text not in _LITERALS:
                return _builds(token, "a list of computed values")
    return None


def _tokens(expression: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(expression):
        group = str(found.lastgroup)
        if group != "space":
            yield _Token(group, found[0], found.start())


def _opened(token: _Token, before: _Token | None, earlier: _Token | None) -> str:
    if token.text == "{":
        return "map"
    follows = before is not None and (before.group != "sign" or before.text in (")", "]", "}"))
    if token.text == "[":
        return "index" if follows else "list"
    named = before is not None and before.group == "name" and before.text in MACROS
    return "macro" if named and earlier is not None and earlier.text == "." else "group"


def _builds(token: _Token, what: str) -> Excess:
    return Excess(
        token.index,
        f"{what} can't be built inside `all`, `exists`, `exists_one`, `map` or `filter`",
        "compare the parts instead: what an iteration builds has no bound",
    )
