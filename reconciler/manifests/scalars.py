"""What a plain scalar means: the core schema of YAML 1.2, and nothing of YAML 1.1.

Only `null ~ (nothing)`, `true false` (three spellings each), decimal, `0o` and `0x` integers and
floats are special. `yes`, `no`, `on`, `off`, dates, times and `1_000` are text, and so is a number
too long to be one (it would be an identifier that somebody forgot to quote).
"""

import re

Scalar = None | bool | int | float | str

SPECIAL_STARTS = frozenset("0123456789+-.~nNtTfF")
"""A plain scalar that starts with anything else, and isn't empty, is text."""

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,40}\Z")
_OCTAL = re.compile(r"0o[0-7]{1,40}\Z")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,40}\Z")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]{1,40}|[0-9]{1,40}(?:\.[0-9]{0,40})?)(?:[eE][-+]?[0-9]{1,4})?\Z"
)


def resolve(text: str) -> Scalar:
    """The value of the plain scalar `text`."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    if _OCTAL.match(text):
        return int(text[2:], 8)
    if _HEXADECIMAL.match(text):
        return int(text[2:], 16)
    if _FLOAT.match(text):
        return float(text)
    return text
