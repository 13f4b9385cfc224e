"""How much of a line may be shown under a message, so that no secret is ever repeated.

Nothing behind the words at fault is shown: a value, a comment. What stands before them on the
line is shown only when it is indentation, keys, and values of fields that can't hold a secret.
"""

import re

from reconciler.manifests.credentials import may_be_secret
from reconciler.manifests.words import plain_key

_OPEN_FIELDS = frozenset(
    """
    apiVersion kind name previously protect ignoreChanges displayName description icon spaces mode
    tokenEndpointAuthMethod scopes stake enabled access members groups provider workspaceId region
    path maxDeletes maxDeleteFraction on kinds action overridable
    """.split()  # noqa: SIM905 - a list of words reads better as words
)
_LONGEST = 1000
"""Columns; what lies further right is not for reading (and a minified file is one long line)."""
_PIECE = re.compile(
    r"(?P<structure>[\s\[\]{},?]|-(?=\s|$)|[&!][^\s,\[\]{}]*(?=\s|$))"
    r"""|(?P<key>"[^"\\:]*"|'[^':]*'|[^\s"'\[\]{},:#&*!|>@`%-][^\s"'\[\]{},:#]*)\s*:(?=\s|$)"""
    r"""|(?P<value>[^\s"'\[\]{},:#&*!|>@`%](?:[^\s"',\[\]{}#]|[ \t](?![#]))*)"""
)


def excerpt(line: str, start: int, end: int, *, key: bool, hidden: bool) -> str | None:
    """The part of `line` to show for the words from `start` to `end`, or None.

    Parameters: `key` says that the words are a key, whose colon is shown; `hidden` that they may
    be a secret, so that the line stops before them.
    """
    if start > _LONGEST or not _may_show(line[:start]):
        return None
    end = min(end, start + _LONGEST)
    if hidden:
        return line[:start].rstrip() or None
    words = line[start:end]
    if any(may_be_secret(word) for word in (words, *re.split(r"[\s\"'=?&/,\[\]{}]+", words))):
        return line[:start].rstrip() or None
    if key and (colon := re.match(r"\s*:", line[end:])):
        return line[:end] + colon[0]
    return line[:end]


def expression_excerpt(line: str, start: int, end: int) -> str | None:
    """The part of `line` to show for an expression that takes the columns from `start` to `end`.

    An expression is no secret; a line of it with something like a credential isn't shown.
    """
    if start > _LONGEST or not _may_show(line[:start]):
        return None
    words = re.split(r"[\s\"'=?&/,\[\]{}()]+", line[start:end])
    return None if any(may_be_secret(word) for word in words) else line[:end]


def _may_show(before: str) -> bool:
    """Whether `before` is made of keys and of values of fields that can't hold a secret."""
    field, at, in_list = "", 0, False
    while at < len(before):
        piece = _PIECE.match(before, at)
        if piece is None:
            return False
        if piece["key"]:
            field = piece["key"].strip("\"'")
            if not plain_key(field):
                return False
        elif piece["value"]:
            if field not in _OPEN_FIELDS or may_be_secret(piece["value"]):
                return False
        elif piece[0] == "[":
            in_list = True
        elif piece[0] in "{}]" or (piece[0] == "," and not in_list):
            field, in_list = "", False
        at = piece.end()
    return True
