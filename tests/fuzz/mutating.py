"""JSON with something wrong in it: real documents, changed at random places, as values and text."""

import copy
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

T = TypeVar("T")
R = TypeVar("R", bound=Exception)
Place = tuple[str | int, ...]
_DEEP = 200


class Raw(str):
    """Text that stands in JSON as it is, JSON or not."""

    __slots__ = ()


class Pairs(tuple[tuple[str, Any], ...]):
    """An object with its keys in order, the same one twice if need be."""

    __slots__ = ()


def often(examples: int) -> settings:
    """So many examples in a plain run, and as many times more as the profile asks for."""
    profile = settings.get_profile(settings.get_current_profile_name())
    times = max(1, profile.max_examples // 100)
    return settings(
        max_examples=examples * times,
        deadline=None,
        derandomize=times == 1,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def tried(call: Callable[[], T], refusal: type[R]) -> T | R:
    """What it gives, or how it refuses; any other exception is a bug."""
    try:
        return call()
    except refusal as refused:
        return refused


_CHARACTERS = [
    "",
    " ",
    "\x00",
    "\x1b[2J",
    "\n",
    "\u202e",
    "\x85",
    "\ud800",
    "🎉",
    "/",
    "..",
    "%",
    "é",
]
ODD_TEXT = st.one_of(
    st.sampled_from(_CHARACTERS),
    st.text(max_size=6),
    st.just("x" * 5000),
    st.sampled_from(["//[", "http://[::1", "//a:b@c:99999/?#", "Robot/x", "Space/", "a=" * 50]),
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 0.5, -0.0, 1e308]),
    ODD_TEXT,
    st.just([]),
    st.just({}),
    st.just([[]]),
    st.just([{}]),
    st.just({"": None}),
    st.sampled_from(
        [
            Raw("NaN"),
            Raw("-Infinity"),
            Raw("1e999"),
            Raw("9" * 5000),
            Raw('"\\ud800"'),
            Raw("[" * _DEEP + "]" * _DEEP),
            Raw('{"a":' * _DEEP + "1" + "}" * _DEEP),
        ]
    ),
).map(copy.deepcopy)  # edits change what was drawn
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
ANY_BYTES = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(
        [
            b"",
            b"\xff\xfe{\x00}\x00",
            b"\xef\xbb\xbf{}",
            b"[" * 100_000,
            b"{}\x00",
            b'"\xed\xa0\x80"',
        ]
    ),
    ANY_JSON.map(lambda value: json.dumps(value).encode()),
)


def text_of(value: Any) -> str:
    """The JSON text of a value that may hold `Raw` and `Pairs`."""
    match value:
        case Raw():
            return str(value)
        case Pairs():
            return "{" + ", ".join(f"{json.dumps(k)}: {text_of(v)}" for k, v in value) + "}"
        case dict():
            return text_of(Pairs(value.items()))
        case list():
            return "[" + ", ".join(map(text_of, value)) + "]"
        case _:
            return json.dumps(value)


@st.composite
def mutated(draw: st.DrawFn, wholes: Sequence[Any], *, most: int = 3) -> Any:
    """One of these documents, changed at one place or a few; it may hold `Raw` and `Pairs`."""
    value = copy.deepcopy(draw(st.sampled_from(wholes)))
    for _ in range(draw(st.integers(1, most))):
        places = _places(value)
        if not places:
            break
        place = draw(st.sampled_from(places))
        value = draw(st.sampled_from(_EDITS))(draw, value, place)
    return value


@st.composite
def mutated_text(draw: st.DrawFn, wholes: Sequence[str]) -> str:
    """One of these texts, with some of it cut out, put in or said twice."""
    text = draw(st.sampled_from(wholes))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.integers(0, 40)))
        put = draw(
            st.one_of(st.sampled_from([text[at:end] * 2, '"', "}", "]", ",", "\\"]), ODD_TEXT)
        )
        text = text[:at] + put + text[end:]
    return text


def _places(value: Any, path: Place = ()) -> list[Place]:
    """Where something is in a value, the value itself left out."""
    if isinstance(value, dict):
        inner: list[tuple[str | int, Any]] = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    else:
        return []
    return [p for key, each in inner for p in ((*path, key), *_places(each, (*path, key)))]


def _at(value: Any, place: Place) -> Any:
    for key in place:
        value = value[key]
    return value


def _put(value: Any, place: Place, new: Any) -> Any:
    if not place:
        return new
    _at(value, place[:-1])[place[-1]] = new
    return value


def _replace(draw: st.DrawFn, value: Any, place: Place) -> Any:
    return _put(value, place, draw(ODD))


def _graft(draw: st.DrawFn, value: Any, place: Place) -> Any:
    """What stands elsewhere in the document fits better than anything made up."""
    other = draw(st.sampled_from(_places(value)))
    return _put(value, place, copy.deepcopy(_at(value, other)))


def _drop(_draw: st.DrawFn, value: Any, place: Place) -> Any:
    del _at(value, place[:-1])[place[-1]]
    return value


def _repeat(_draw: st.DrawFn, value: Any, place: Place) -> Any:
    holder = _at(value, place[:-1])
    if isinstance(holder, list):
        holder.append(copy.deepcopy(holder[int(place[-1])]))
        return value
    twice = Pairs((*holder.items(), (str(place[-1]), holder[place[-1]])))
    return _put(value, place[:-1], twice)


def _rename(draw: st.DrawFn, value: Any, place: Place) -> Any:
    holder = _at(value, place[:-1])
    if isinstance(holder, dict):
        holder[draw(ODD_TEXT)] = holder.pop(place[-1])
    return value


def _add(draw: st.DrawFn, value: Any, place: Place) -> Any:
    holder, new = _at(value, place[:-1]), draw(ODD)
    if isinstance(holder, list):
        holder.insert(int(place[-1]), new)
    else:
        holder[draw(ODD_TEXT)] = new
    return value


def _alter(draw: st.DrawFn, value: Any, place: Place) -> Any:
    found = _at(value, place)
    if isinstance(found, str) and not isinstance(found, Raw):
        at = draw(st.integers(0, len(found)))
        put = draw(st.sampled_from([*_CHARACTERS, "9", "a", "Z"]))
        cut = draw(st.integers(0, 2))
        return _put(value, place, found[:at] + put + found[at + cut :])
    if isinstance(found, bool):
        return _put(value, place, not found)
    if isinstance(found, int):
        return _put(value, place, found + draw(st.sampled_from([-1, 1, 1000, 2**64])))
    return value


_EDITS: list[Callable[[st.DrawFn, Any, Place], Any]] = [
    _replace,
    _graft,
    _drop,
    _repeat,
    _rename,
    _add,
    _alter,
]
