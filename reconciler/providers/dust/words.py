"""Which words of a server may be shown: never any that repeat a secret this client revealed."""

import base64
import html
import json
import re
import unicodedata
from threading import Lock
from urllib.parse import quote, quote_plus

from reconciler.secrets import Secret

_FRAGMENT = 8
_TELLING = 4  # encoded forms shorter than this are found in any text
_LONGEST = 500
_MOST_READ = 20_000  # of a message: all that may be shown is judged, and not much more
_TYPE = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")

WITHHELD = "(message withheld: it repeats a secret)"


class Words:
    """Remembers what was revealed, as fragments, and judges what servers say.

    A server may echo a credential in its error message, whole, cut, or encoded. Masking by
    search and replace leaks what the search misses, so a message is shown whole or not at all.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._fragments: set[str] = set()
        self._short: set[str] = set()

    def reveal(self, secret: Secret) -> str:
        """The value, to be sent; from now on no message that repeats any of it is shown."""
        value = secret.reveal()
        with self._lock:
            for form in _forms(value):
                if len(form) < _FRAGMENT:
                    self._short.add(form)
                else:
                    self._fragments.update(_grams(form))
        return value

    def repeats_a_secret(self, text: str) -> bool:
        """Whether any form of a revealed secret, or 8 characters of one, is in `text`."""
        folded = text.casefold()
        tight = "".join(folded.split())
        with self._lock:
            return any(form in folded or form in tight for form in self._short if form) or any(
                gram in self._fragments for body in (folded, tight) for gram in _grams(body)
            )

    def safe(self, text: str) -> str:
        """`text` on one line without control characters, cut; or the note that it is withheld."""
        text = text[:_MOST_READ]
        plain = "".join(" " if c.isspace() else c for c in text if c.isspace() or _visible(c))
        if self.repeats_a_secret(plain):
            return WITHHELD
        plain = " ".join(plain.split())
        return plain if len(plain) <= _LONGEST else plain[:_LONGEST] + " …"

    def safe_type(self, text: str) -> str:
        """An error type if it looks like one and repeats no secret, else the empty string."""
        return text if _TYPE.match(text) and not self.repeats_a_secret(text) else ""


def _visible(character: str) -> bool:
    return unicodedata.category(character)[0] != "C"


def _grams(text: str) -> set[str]:
    return {text[i : i + _FRAGMENT] for i in range(len(text) - _FRAGMENT + 1)}


def _forms(value: str) -> set[str]:
    raw = value.encode("utf-8", "surrogatepass")
    forms = {
        value,
        value.strip(),
        "".join(value.split()),
        quote(raw, safe=""),
        quote_plus(raw),
        html.escape(value),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        raw.hex(),
    }
    for shift in range(3):
        # Inside a longer text ("Bearer …", "user:…") base64 starts at any of three offsets; the
        # characters at the edges mix with what is around them.
        coded = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        whole = coded[-(-shift * 8 // 6) if shift else 0 : -1 if (shift + len(raw)) % 3 else None]
        if len(whole) >= _TELLING:
            forms |= {whole, whole.translate(str.maketrans("+/", "-_"))}
    return {form.casefold() for form in forms if form.strip()}
