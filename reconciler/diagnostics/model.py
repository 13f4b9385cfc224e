"""A diagnostic: one located message for the author of a manifest, as a value."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.diagnostics.codes import Code


class Severity(StrEnum):
    """How much a diagnostic weighs: an error stops the command, a warning doesn't."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of text in one file.

    Lines and columns count from 1, columns in characters (not bytes); the end column is
    exclusive. `excerpt` is the text of the first line, for the carets; None when the line can't
    be shown (not UTF-8, or it holds a literal secret).
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    excerpt: str | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """What is wrong, where, what was expected and what to do.

    Parameters: `code` names the rule, `message` is the headline (lower case, no full stop),
    `span` the place (None only when no file is at fault), `label` the words beside the carets,
    `notes` what was expected, `help` what to do, `address` the resource meant.
    """

    code: Code
    message: str
    span: Span | None = None
    label: str = ""
    notes: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    severity: Severity = Severity.ERROR
    address: str | None = None

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Order of printing: by file, line, column; those without a place last."""
        who = self.address or ""
        if self.span is None:
            return ("\U0010ffff", 0, 0, self.message, who)
        return (self.span.file, self.span.line, self.span.column, self.message, who)


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """An ordered collection of diagnostics."""

    items: tuple[Diagnostic, ...] = field(default=())

    @classmethod
    def of(cls, items: Iterable[Diagnostic]) -> "Diagnostics":
        """Sort by place and drop exact repeats."""
        return cls(tuple(sorted(dict.fromkeys(items), key=lambda item: item.sort_key)))

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __add__(self, other: "Diagnostics") -> "Diagnostics":
        return Diagnostics.of((*self.items, *other.items))

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Those that stop the command."""
        return tuple(item for item in self.items if item.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """Those that don't."""
        return tuple(item for item in self.items if item.severity is Severity.WARNING)
