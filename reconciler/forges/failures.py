"""What a forge can answer badly, by who can act. HTTP exceptions never leave `api.py`."""


class ForgeError(Exception):
    """A call that failed.

    Parameters: `message` is what happened (never the token), `help` what to do about it, a line
    each.
    """

    def __init__(
        self,
        message: str,
        *,
        help: tuple[str, ...] = (),  # noqa: A002 - the word of diagnostics
    ) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class Refused(ForgeError):
    """The forge won't: fix the token's permissions, or what was asked."""


class Unanswered(ForgeError):
    """Nothing came of it, and nothing was done: later."""


class Uncertain(ForgeError):
    """A write was sent, and nobody knows whether it happened: read, then decide."""
