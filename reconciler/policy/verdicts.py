"""What a rule comes to: a flaw in the rule itself, or why a value fails it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.diagnostics import Code

Bindings = Mapping[str, Any]
"""The variables of a rule: plain JSON values by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """Why a rule can't be used.

    `at` is the path inside the rule, such as `("schema", "properties")`; `line` and `column`
    count from 1 inside the text there, when the place is known.
    """

    at: tuple[str | int, ...]
    code: Code
    message: str
    line: int | None = None
    column: int | None = None
    notes: tuple[str, ...] = ()
    help: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a value fails a rule.

    `error` says that the rule could not be evaluated, which counts as failing it; `path` is the
    place in the value, when the rule tells one.
    """

    why: str = ""
    path: tuple[str, ...] = ()
    error: bool = False


class Flawed(Exception):
    """A rule that can't be compiled."""

    def __init__(self, *flaws: Flaw) -> None:
        super().__init__("; ".join(flaw.message for flaw in flaws))
        self.flaws = flaws


Test = Callable[[Bindings], Failure | None]
"""A compiled rule: None when it holds. Never raises."""


def shortened(text: str, limit: int = 200) -> str:
    """The text in one line of at most `limit` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
