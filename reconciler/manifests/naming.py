"""Names for what has none yet: addresses from titles, environment variables from addresses."""

import re
import unicodedata
from collections.abc import Iterable

_LONGEST = 63
_OTHER = re.compile(r"[^a-z0-9]+")


class Names:
    """Hands out names, each once.

    Parameters: `taken` are names that are in use already.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def give(self, wanted: str, *, joint: str = "-", longest: int = _LONGEST) -> str:
        """`wanted`, with the first free number behind it when somebody has it."""
        name, number = wanted[:longest], 1
        while name in self._taken:
            number += 1
            tail = f"{joint}{number}"
            name = wanted[: longest - len(tail)].rstrip(joint) + tail
        self._taken.add(name)
        return name


def name_from(title: str, otherwise: str) -> str:
    """A title as a name: lower-case ASCII letters, digits and `-`; `otherwise` if none is left."""
    folded = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return _OTHER.sub("-", folded).strip("-")[:_LONGEST].strip("-") or otherwise


def variable_from(*words: str) -> str:
    """Words as the name of an environment variable."""
    text = "_".join(_OTHER.sub("_", word.lower()).strip("_") for word in words).upper()
    return f"MCP_{text}" if text[:1].isdigit() or not text[:1].isalpha() else text
