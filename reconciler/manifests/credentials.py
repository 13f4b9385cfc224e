"""What a pasted credential looks like, so that one is caught where no secret should be."""

import re

_PREFIXES = (
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "sk-",
    "sk_live_",
    "rk_live_",
    "xoxa-",
    "xoxb-",
    "xoxp-",
    "xoxr-",
    "xoxs-",
    "xoxe-",
    "xapp-",
    "AKIA",
    "ASIA",
    "AIza",
    "glpat-",
    "hvs.",
    "npm_",
    "lin_api_",
    "eyJ",
    "-----BEGIN",
)
_ANYWHERE = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"gh[opusr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}"
    r"|sk-[A-Za-z0-9_-]{16,}|[sr]k_live_[A-Za-z0-9]{16,}"
    r"|xox[abeprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}"
    r"|A[KS]IA[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,}|glpat-[A-Za-z0-9_-]{16,}|hvs\.[A-Za-z0-9_-]{20,}"
    r"|npm_[A-Za-z0-9]{30,}|lin_api_[A-Za-z0-9]{16,}"
    r"|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{4,}|-----BEGIN[ A-Z]*PRIVATE KEY"
    r")"
)
_SCHEMES = re.compile(r"(?:bearer|basic|token)\s+\S", re.IGNORECASE)
_SHORTEST = 20
"""Characters of what programs draw: 80 bits in hexadecimal."""
_BYTES = tuple(prefix.encode() for prefix in _PREFIXES)

PATTERN = r"^(?:[Bb][Ee][Aa][Rr][Ee][Rr]\s|[Bb][Aa][Ss][Ii][Cc]\s|" + "|".join(
    re.sub(r"([.])", r"\\\1", prefix) for prefix in _PREFIXES
)
PATTERN += ")"
"""The same rule as `is_credential`, as far as a JSON Schema can say it."""


def is_credential(text: str) -> bool:
    """Whether a whole value, where a credential might be pasted, looks like one."""
    return text.startswith(_PREFIXES) or bool(_SCHEMES.match(text)) or holds_credential(text)


def holds_credential(text: str) -> bool:
    """Whether free text has something in it that can hardly be anything but a credential."""
    return bool(_ANYWHERE.search(text))


def may_be_secret(name: str) -> bool:
    """Whether a word that should be a name looks like a secret that was pasted one place off.

    No name is shown that does: a key, a reference's locator, an argument of the command line.
    """
    return is_credential(name) or (len(name) >= _SHORTEST and looks_made_up(name))


def looks_made_up(name: str) -> bool:
    """Whether a part of a name is long, and of letters and digits as programs draw them."""
    return any(map(_is_drawn, re.split(r"[^A-Za-z0-9]+", name)))


def _is_drawn(part: str) -> bool:
    digits = sum(map(str.isdigit, part))
    if len(part) < _SHORTEST or digits < 2 or digits == len(part):
        return False
    if digits >= 4 and re.fullmatch(r"[0-9a-f]+|[0-9A-F]+", part):
        return True
    turns = len(re.findall(r"[a-z]+|[A-Z]+|[0-9]+", part))
    if part.lower() == part or part.upper() == part:
        return digits >= 4 and turns >= 0.3 * len(part)
    return turns >= 0.4 * len(part)


def may_hold_credential(data: bytes) -> bool:
    """A fast first look at a whole file: False means that no value in it can look like one."""
    return any(prefix in data for prefix in _BYTES)
