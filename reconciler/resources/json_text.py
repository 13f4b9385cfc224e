"""JSON documents of our own, read strictly: every reader gets the same value, or an error."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any, overload

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


class Each(Sequence[Any]):
    """A list whose values are made of `items` whenever they are asked for, and never kept.

    For a document of many megabytes that is written a piece at a time.
    """

    def __init__(self, make: Callable[[Any], Any], items: Sequence[Any]) -> None:
        self._make = make
        self._items = items

    @overload
    def __getitem__(self, at: int) -> Any: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Any]: ...
    def __getitem__(self, at: int | slice) -> Any:
        if isinstance(at, slice):
            return Each(self._make, self._items[at])
        return self._make(self._items[at])

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Any]:
        return map(self._make, self._items)


def digest_of(value: Any) -> str:
    """SHA-256 over canonical JSON (sorted keys, no spaces), in hex; lists of `Each`, too."""
    digest = hashlib.sha256()
    for piece in _gathered(_compact(value, 2, _CANONICAL)):
        digest.update(piece.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def indented(value: Any) -> Iterator[str]:
    """The text that `json.dumps(value, indent=2, ensure_ascii=False)` gives, in pieces; much
    faster, and it takes `Each`."""
    return _gathered(_spread(value, "\n"))


def lined(value: Any) -> Iterator[str]:
    """JSON with sorted keys, one value of an outer list or object a line, in pieces.

    Half as long as `indented`, and a tool that compares lines can still tell what moved.
    """
    return _gathered(_compact(value, 2, _SORTED, ",\n"))


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_SORTED = json.JSONEncoder(sort_keys=True, ensure_ascii=False)
_PLAIN = json.JSONEncoder(ensure_ascii=False)
_WORDS = {None: "null", True: "true", False: "false"}
_PIECE = 64 * 1024


def _gathered(parts: Iterable[str]) -> Iterator[str]:
    """The same text in pieces that are worth a write."""
    held: list[str] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= _PIECE:
            yield "".join(held)
            held, size = [], 0
    yield "".join(held)


def _compact(
    value: Any, levels: int, encoder: json.JSONEncoder, between: str = ""
) -> Iterator[str]:
    """`value` by `encoder`, sorted; the outer levels part by part, so that no text is whole."""
    comma, colon = encoder.item_separator, encoder.key_separator
    comma = between or comma
    if isinstance(value, Mapping) and levels and value:
        lead = "{"
        for key in sorted(value):
            yield f"{lead}{encoder.encode(key)}{colon}"
            yield from _compact(value[key], levels - 1, encoder, between)
            lead = comma
        yield "}"
    elif isinstance(value, (list, Each)) and levels and value:
        lead = "["
        for item in value:
            yield f"{lead}{encoder.encode(item)}"
            lead = comma
        yield "]"
    else:
        yield encoder.encode(list(value) if isinstance(value, Each) else value)


def _spread(value: Any, line: str) -> Iterator[str]:
    """`value` with its parts on lines of their own; `line` is a line break and the indentation."""
    inner = f"{line}  "
    if isinstance(value, Mapping) and value:
        lead = "{"
        for key, item in value.items():
            yield f"{lead}{inner}{encode_basestring(key)}: "
            yield from _spread(item, inner)
            lead = ","
        yield f"{line}}}"
    elif isinstance(value, Each) and value:
        lead = "["
        for item in value:
            yield f"{lead}{inner}{_whole(item, inner)}"
            lead = ","
        yield f"{line}]"
    else:
        yield _whole(value, line)


def _whole(value: Any, line: str) -> str:
    # Three times as fast as the standard library, whose own code in C knows no indentation: what
    # there is most of is asked for first.
    if isinstance(value, str):
        return encode_basestring(value)
    if type(value) is int:
        return repr(value)
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    inner = f"{line}  "
    if isinstance(value, dict) and value:
        pairs = [
            f"{encode_basestring(key)}: "
            f"{encode_basestring(item) if isinstance(item, str) else _whole(item, inner)}"
            for key, item in value.items()
        ]
        return f"{{{inner}{f',{inner}'.join(pairs)}{line}}}"
    if isinstance(value, (list, tuple)) and value:
        return f"[{inner}{f',{inner}'.join([_whole(item, inner) for item in value])}{line}]"
    if isinstance(value, Each):
        return _whole(list(value), line)
    return _PLAIN.encode(value)


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
