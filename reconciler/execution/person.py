"""The person who may be there to sign in while an apply runs."""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from reconciler.resources import Change
from reconciler.state import Consent


class Step(StrEnum):
    """What to do about a sign-in that isn't finished: leave it, look again, begin another."""

    LEAVE = "leave"
    RETRY = "retry"
    AGAIN = "again"


class Person(Protocol):
    """Somebody who can sign in."""

    def asked(
        self,
        change: Change,
        consent: Consent,
        *,
        fresh: bool,
        trouble: str,
        finish: Callable[[str], None],
    ) -> Step:
        """Called when `change` waits for `consent`; may take its time.

        Parameters: `fresh` says that the sign-in was begun just now; `trouble` why the platform
        can't use one that it may have already; `finish` takes the address that the browser landed
        on.

        Raises ProviderError when the sign-in has failed.
        """
        ...
