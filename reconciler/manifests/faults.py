"""A fault as the checks see it: what is wrong and where in the values, not yet in the text."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from reconciler.diagnostics import Code, Severity

At = tuple[str | int, ...]
"""Where in a document: keys and list positions from its top, e.g. `("spec", "spaces", 0)`."""


class Part(StrEnum):
    """Which end of an entry is at fault."""

    KEY = "key"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class InDocument:
    """An entry of the `document`-th document of a file; `at` may be missing from the text."""

    file: str
    document: int
    at: At
    part: Part


@dataclass(frozen=True, slots=True)
class InScalar:
    """A point inside the text of an entry; `line` and `column` count from 1 in the text."""

    file: str
    document: int
    at: At
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class InText:
    """A stretch of a file's text, in characters from its start."""

    file: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class InFile:
    """A file as a whole; `line` and `column` when they are known without its text."""

    file: str
    line: int = 1
    column: int = 1


Place = InDocument | InScalar | InText | InFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong, as `Diagnostic` says it, with a place that is still to be found.

    `hidden` says that the value at fault may be a secret, so that its text is never shown;
    `related` are other places to name in the notes, each after its words.
    """

    code: Code
    message: str
    place: Place | None = None
    label: str = ""
    notes: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    hidden: bool = False
    related: tuple[tuple[str, Place], ...] = ()
    severity: Severity = Severity.ERROR
    address: str | None = None


Report = Callable[[Fault], None]
"""Where a check hands its faults."""
