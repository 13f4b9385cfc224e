"""How a sign-in ends, and what a person does about it."""

from reconciler.providers.failures import SignedOut

AGAIN = ("sign in again: `reconciler login`",)


class RefreshRefused(SignedOut):
    """The identity provider gives nothing for a refresh token.

    Parameters: `final` says that the token counts for nothing any more (RFC 6749 section 5.2:
    invalid_grant), whoever asks; otherwise it may be the client that is refused. `unanswered` is
    set when it was sent before, and what came back, perhaps new tokens, got lost.
    """

    unanswered = False

    def __init__(
        self,
        message: str,
        *,
        call: str = "",
        status: int | None = None,
        help: tuple[str, ...] = (),  # noqa: A002 - the word of diagnostics
        final: bool,
    ) -> None:
        super().__init__(message, call=call, status=status, help=help)
        self.final = final
