"""How values, fields and types are named in messages, without ever repeating a secret."""

import re
from collections.abc import Iterable
from typing import Any

from reconciler.manifests.credentials import may_be_secret
from reconciler.manifests.faults import At

_LONGEST = 60
_KEY = re.compile(r"[A-Za-z0-9_.<>$/-]{1,60}\Z")


def quoted(value: object, *, otherwise: str = "this value") -> str:
    """The value between backticks; `otherwise` when it is long, or looks like a credential."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int | float):
        text = str(value)
    elif isinstance(value, str) and value.isprintable() and "`" not in value:
        text = value
    else:
        return otherwise
    if not text or len(text) > _LONGEST or may_be_secret(text):
        return otherwise
    return f"`{text}`"


def choices(words: Iterable[str]) -> str:
    """`a`, `b` or `c`."""
    *most, last = (f"`{word}`" for word in words)
    return f"{', '.join(most)} or {last}" if most else last


def type_name(value: Any) -> str:
    """What an author calls the type of a value."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return type(value).__name__


def plain_key(key: str) -> bool:
    """Whether a key is surely only a key, and not a pasted value or a forgotten space."""
    return bool(_KEY.match(key)) and not may_be_secret(key)


def key_name(key: str) -> str:
    """The key between backticks, or `this key` when it may be more than a key."""
    return f"`{key}`" if plain_key(key) else "this key"


def field_name(at: At) -> str:
    """The name of the field at a path; of an item, the field that its list is."""
    for segment in reversed(at):
        if isinstance(segment, str):
            return key_name(segment)
    return "the manifest"


def clause(sentence: str) -> str:
    """A field's description for the middle of a note: its first letter small, no full stop."""
    second = sentence[1:2]
    start = sentence[:1].lower() if second.islower() or second in (" ", "-") else sentence[:1]
    return (start + sentence[1:]).removesuffix(".")
