"""What goes wrong between us and a keeper of secrets, before it is said about one reference."""

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets.failure import SecretFailure, failure


class Trouble(Exception):
    """Raised by backends, and caught by them or by who writes through one.

    Parameters: `code`, `problem` (reads on from "secret `vault:…` ") and `advice` make the
    failure; `passing` says that another try may help, after `retry_after` seconds if the server
    named them; `everywhere` says that it hits every secret alike, so that no other need be tried;
    `unknown` says that what was asked may have been done all the same. Texts of other libraries'
    exceptions, outputs of programs and bodies of answers never enter: they may quote what was
    sent.
    """

    def __init__(
        self,
        code: Code,
        problem: str,
        *advice: str,
        passing: bool = False,
        retry_after: float | None = None,
        everywhere: bool = False,
        unknown: bool = False,
    ) -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem
        self.advice = advice
        self.passing = passing
        self.retry_after = retry_after
        self.everywhere = everywhere
        self.unknown = unknown

    def about(self, reference: SecretRef) -> SecretFailure:
        """The failure of one reference."""
        return failure(reference, self.code, self.problem, *self.advice)
