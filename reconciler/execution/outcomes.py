"""How an apply ended: one outcome per change, and what may be said of the whole."""

from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.providers import ProviderError
from reconciler.resources import Address, Change, Operation
from reconciler.state import Consent


class Outcome(StrEnum):
    """What became of a change."""

    APPLIED = "applied"
    PENDING = "pending"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One change and what became of it.

    `operation` is where it stopped; `started` says whether anything was sent; `message`, `call`
    and `help` tell why it didn't go through, `consent` who has to sign in where.
    """

    change: Change
    outcome: Outcome
    operation: Operation | None = None
    started: bool = False
    message: str = ""
    call: str = ""
    help: tuple[str, ...] = ()
    consent: Consent | None = None

    @classmethod
    def of_error(
        cls, change: Change, outcome: Outcome, operation: Operation, error: ProviderError
    ) -> "Result":
        """The result of an operation that the provider couldn't do."""
        return cls(
            change=change,
            outcome=outcome,
            operation=operation,
            started=outcome is Outcome.UNKNOWN or _written_before(change, operation),
            message=error.message,
            call=error.call,
            help=error.help,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """Why nothing more was tried: the credential counts no more, or the state can't be written."""

    message: str
    call: str = ""
    help: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All results in the order of the plan.

    `interrupted` when the user stopped the run, `stopped` when platform or state ended it for all.
    """

    results: tuple[Result, ...]
    interrupted: bool = False
    stopped: Stopped | None = None
    adopted: tuple[Address, ...] = field(default=())

    def of(self, outcome: Outcome) -> tuple[Result, ...]:
        """The results with that outcome."""
        return tuple(result for result in self.results if result.outcome is outcome)

    @property
    def broken(self) -> bool:
        """Whether anything failed or is uncertain, or the run couldn't go on."""
        return bool(self.of(Outcome.FAILED) or self.of(Outcome.UNKNOWN) or self.stopped)

    @property
    def touched(self) -> bool:
        """Whether anything was changed in the workspace."""
        return bool(self.of(Outcome.APPLIED)) or any(result.started for result in self.results)


def _written_before(change: Change, operation: Operation) -> bool:
    """Whether the change wrote anything before `operation`; to sign in writes nothing."""
    before = change.operations[: change.operations.index(operation)]
    return any(not each.interactive for each in before)
