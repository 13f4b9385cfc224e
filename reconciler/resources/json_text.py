"""JSON documents of our own, read strictly: every reader gets the same value, or an error."""

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

DEEPEST = 128
"""How deep values may nest: a little more than manifests may."""

_LONGEST_PLACE = 120
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def read_json(text: str) -> Any:
    """The value of `text`; raises ValueError in words that hold no value of it.

    RFC 8259 leaves open what repeated names (section 4) and unpaired surrogates (section 8.2)
    mean, and has no NaN or Infinity (section 6): such text is refused, and so is what nests so
    deep that working with it would fail.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite
        )
        if _deeper(value, DEEPEST):
            raise _Unfit("its values nest too deep")
        if _HALF.search(text):
            _writable(value)
    except RecursionError:
        raise ValueError("its values nest too deep") from None
    except _Unfit as error:
        raise ValueError(str(error)) from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON ({error})") from None
    except ValueError:  # Python refuses whole numbers of thousands of digits
        raise ValueError("it is not JSON that can be used (a number is too long)") from None
    return value


def place_text(path: Iterable[object]) -> str:
    """A place in a document for a message: what was in it as JSON writes it, and cut."""
    return json.dumps(".".join(map(str, path)))[1:-1][:_LONGEST_PLACE]


def digest_of(value: Any) -> str:
    """SHA-256 over canonical JSON (sorted keys, no spaces), in hex."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class _Unfit(Exception):
    """JSON to Python's eyes, and not to ours."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for at, key in enumerate(names) if key in names[:at])
        raise _Unfit(f"it has the key {json.dumps(twice[:60])} twice in one object")
    return found


def _no_number(word: str) -> Any:
    raise _Unfit(f"it is not JSON ({word} is no number)")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise _Unfit("it has a number that is too large")
    return number


def _deeper(value: Any, left: int) -> bool:
    if isinstance(value, dict):
        inner = [each for each in value.values() if isinstance(each, (dict, list))]
    elif isinstance(value, list):
        inner = [each for each in value if isinstance(each, (dict, list))]
    else:
        return False
    return left == 0 or any(_deeper(each, left - 1) for each in inner)


def _writable(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise _Unfit("it has half a character (an unpaired surrogate)") from None
