"""Why a reference gave no secret: a value that names the reference and never what it holds."""

from dataclasses import dataclass

from reconciler.diagnostics import Code, Diagnostic, Span
from reconciler.resources import SecretRef


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFailure:
    """A reference that could not be resolved.

    Parameters: `reference` is what was asked for, `code` one of the `SECRET_*` codes, `message`
    the headline (it names the reference), `help` what to do, a line each.
    """

    reference: SecretRef
    code: Code
    message: str
    help: tuple[str, ...] = ()

    def to_diagnostic(self, span: Span | None, address: str | None) -> Diagnostic:
        """The failure at the place in a manifest that asks for the secret."""
        return Diagnostic(
            code=self.code,
            message=self.message,
            span=span,
            label="this secret can't be had",
            help=self.help,
            address=address,
        )


def failure(reference: SecretRef, code: Code, problem: str, *advice: str) -> SecretFailure:
    """A failure whose headline is "secret `env:NAME` " and then `problem`."""
    return SecretFailure(
        reference=reference, code=code, message=f"secret `{reference}` {problem}", help=advice
    )
