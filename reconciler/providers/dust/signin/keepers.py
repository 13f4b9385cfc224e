"""What a place must offer to keep a session that several machines renew: writes on condition."""

from typing import Protocol

from reconciler.providers.dust.signin.kept_session import KeptSession
from reconciler.providers.failures import Conflict, ProviderError


class KeeperTrouble(ProviderError):
    """The place of a session can't be read or written; nothing was written: fix the access."""


class Overtaken(Conflict):
    """Somebody else wrote the session since it was read: read it again."""


class Keeper(Protocol):
    """A place for one session. `name` is how messages call it.

    Its versions are numbers that grow with each write; 0 before the first one.
    """

    @property
    def name(self) -> str:
        """How messages call it."""

    def read(self) -> tuple[KeptSession | None, int]:
        """The session as it is now, None when there is none, and its version.

        Raises KeeperTrouble.
        """

    def write(self, session: KeptSession, version: int) -> int:
        """Put a session where `version` is the latest; its own version.

        Raises Overtaken, KeeperTrouble.
        """

    def start(self, session: KeptSession) -> None:
        """Put a new session there, whatever session was. Raises KeeperTrouble."""

    def needs(self) -> tuple[str, ...]:
        """What somebody needs who is to use the session, a line each. Raises KeeperTrouble."""
