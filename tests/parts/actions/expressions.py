"""The expressions of GitHub's workflows, as far as they are used here; anything else fails.

Written from GitHub's "Evaluate expressions in workflows and actions".
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

_INLINE = re.compile(r"\$\{\{((?:(?!\}\}).)*)\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<mark>&&|\|\||==|!=|[!(),])"
    r"|(?P<name>[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*))"
)


def filled(text: Any, context: Mapping[str, Any]) -> Any:
    """A value of the YAML with its expressions evaluated; a lone one keeps its type."""
    if not isinstance(text, str):
        return text
    whole = _INLINE.fullmatch(text.strip())
    if whole:
        return evaluate(whole[1], context)
    return _INLINE.sub(lambda found: shown(evaluate(found[1], context)), text)


def shown(value: Any) -> str:
    """A value as text."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() | int():
            return str(value)
    raise AssertionError(f"no text for {value!r}")


def evaluate(text: str, context: Mapping[str, Any]) -> Any:
    """The value of an expression without its `${{ }}`."""
    reader = _Reader(text, context)
    value = reader.either()
    assert reader.at_end(), f"can't read all of {text!r}"
    return value


class _Reader:
    def __init__(self, text: str, context: Mapping[str, Any]) -> None:
        self._context = context
        self._tokens: list[tuple[str, str]] = []
        place = 0
        text = text.rstrip()
        while place < len(text):
            found = _TOKEN.match(text, place)
            assert found, f"this runner can't read {text[place:]!r}"
            assert found.lastgroup
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            place = found.end()
        self._place = 0

    def at_end(self) -> bool:
        return self._place == len(self._tokens)

    def either(self) -> Any:
        value = self._both()
        while self._take("||"):
            other = self._both()
            value = value or other
        return value

    def _both(self) -> Any:
        value = self._compared()
        while self._take("&&"):
            other = self._compared()
            value = value and other
        return value

    def _compared(self) -> Any:
        value = self._simple()
        for mark, wanted in (("==", True), ("!=", False)):
            if self._take(mark):
                return _equal(value, self._simple()) is wanted
        return value

    def _simple(self) -> Any:
        if self._take("!"):
            return not self._simple()
        if self._take("("):
            value = self.either()
            assert self._take(")")
            return value
        kind, text = self._tokens[self._place]
        self._place += 1
        match kind:
            case "text":
                return text[1:-1].replace("''", "'")
            case "number":
                return int(text)
            case "name" if text in ("true", "false"):
                return text == "true"
            case "name" if self._take("("):
                return self._called(text)
            case "name":
                return self._looked_up(text)
        raise AssertionError(f"this runner can't read {text!r}")

    def _called(self, name: str) -> Any:
        arguments = []
        while not self._take(")"):
            arguments.append(self.either())
            self._take(",")
        functions: Mapping[str, Callable[..., Any]] = self._context["functions"]
        assert name in functions, f"this runner has no {name}()"
        return functions[name](*arguments)

    def _looked_up(self, name: str) -> Any:
        first, *rest = name.split(".")
        assert first in self._context, f"there is no context {first!r} here"
        value = self._context[first]
        for part in rest:
            value = value.get(part) if isinstance(value, Mapping) else None
        return value

    def _take(self, mark: str) -> bool:
        found = not self.at_end() and self._tokens[self._place] == ("mark", mark)
        self._place += found
        return found


def _equal(one: Any, other: Any) -> bool:
    """Texts are equal whatever their case, and nothing is the empty text."""
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    return (one if one is not None else "") == (other if other is not None else "")


def format_(pattern: str, *values: Any) -> str:
    """GitHub's `format`."""
    for number, value in enumerate(values):
        pattern = pattern.replace("{%d}" % number, shown(value))  # noqa: UP031 - braces as they are
    return pattern
