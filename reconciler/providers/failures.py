"""What a platform can answer badly, by who can act. HTTP exceptions never leave a provider."""

from reconciler.state import Consent


class ProviderError(Exception):
    """A call that failed.

    Parameters: `message` is what happened (never a secret, never an answer's raw body); `call`
    is the request, e.g. `PATCH /mcp/rms_1`; `status` the HTTP status, if there was one; `help`
    what to do about it.
    """

    def __init__(
        self,
        message: str,
        *,
        call: str = "",
        status: int | None = None,
        help: tuple[str, ...] = (),  # noqa: A002 - the word of diagnostics
    ) -> None:
        super().__init__(message)
        self.message = message
        self.call = call
        self.status = status
        self.help = help


class NotFound(ProviderError):
    """Gone: plan again.

    Parameters: `kind` is the platform's own word for what isn't there.
    """

    def __init__(
        self,
        message: str,
        *,
        call: str = "",
        status: int | None = None,
        help: tuple[str, ...] = (),  # noqa: A002 - the word of diagnostics
        kind: str = "",
    ) -> None:
        super().__init__(message, call=call, status=status, help=help)
        self.kind = kind


class Conflict(ProviderError):
    """Someone changed it since the snapshot: plan again."""


class Rejected(ProviderError):
    """The platform refuses this spec: fix the manifest."""


class Forbidden(ProviderError):
    """The credential may not, or no longer: fix the credential."""


class SignedOut(Forbidden):
    """The credential counts for nothing any more, whatever is asked: sign in again."""


class RateLimited(ProviderError):
    """Too many calls, and waiting as told didn't help: later."""


class Unreachable(ProviderError):
    """Nothing was sent: safe to retry."""


class OutcomeUnknown(ProviderError):
    """Sent, no usable answer: read, then decide.

    Parameters: `reason` is what came instead of an answer, in words.
    """

    def __init__(
        self,
        message: str,
        *,
        call: str = "",
        status: int | None = None,
        help: tuple[str, ...] = (),  # noqa: A002 - the word of diagnostics
        reason: str = "",
    ) -> None:
        super().__init__(message, call=call, status=status, help=help)
        self.reason = reason


class Unexpected(ProviderError):
    """An answer that doesn't fit what this version knows of the API: which call, field, value."""


class IncompleteRead(Unexpected):
    """Lists and objects contradict each other: what isn't shown can't be taken for gone."""


class Interrupted(ProviderError):
    """The person at the keyboard stopped the run while a call waited."""


class ConsentPending(ProviderError):
    """A person has to sign in first; nothing else is wrong.

    Parameters: `trouble` is what the platform says where it may have the sign-in already, and
    gets no access token with it.
    """

    def __init__(self, consent: Consent, *, trouble: str = "") -> None:
        super().__init__(f"{consent.who} has to sign in" + (f": {trouble}" if trouble else ""))
        self.consent = consent
        self.trouble = trouble
