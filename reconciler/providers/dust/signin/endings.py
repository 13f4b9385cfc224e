"""How a sign-in ends, and what a person does about it."""

from reconciler.providers.failures import SignedOut

AGAIN = ("sign in again: `reconciler login`",)


class RefreshRefused(SignedOut):
    """The identity provider gives nothing for a refresh token."""

    final = False
    """The token counts for nothing any more, whoever asks (RFC 6749 section 5.2: invalid_grant);
    otherwise it may be the client that is refused."""
    unanswered = False
    """It was sent before, and what came back, perhaps new tokens, got lost."""
