"""A session beside the state, encrypted, wherever that is."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.providers.dust.signin.keepers import KeeperTrouble, Overtaken
from reconciler.providers.dust.signin.kept_session import KeptSession, read_session, session_text
from reconciler.secrets import Secret
from reconciler.state import (
    HeldRecord,
    Owner,
    SealedRecord,
    StateError,
    StateLocked,
    StateLost,
    StateRolledBack,
    StateSealed,
    StateUnreadable,
)

_PATIENCE = 100.0
"""Seconds to wait for others that write: longer than the lease of one that died."""
_PAUSE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class StateKeeper:
    """A sealed record; see `Keeper`. Its lock is only held while it is written.

    Parameters: `owner` is who writes, `key` says where the key is, `again` how to start anew;
    `clock` counts seconds, and `sleep` waits for some.
    """

    record: SealedRecord
    owner: Owner
    key: str
    again: tuple[str, ...]
    clock: Callable[[], float] = field(default=time.monotonic)
    sleep: Callable[[float], None] = field(default=time.sleep)

    @property
    def name(self) -> str:
        """How messages call it."""
        return self.record.shelf.name

    def read(self) -> tuple[KeptSession | None, int]:
        """The session as it is now; see `Keeper`."""
        try:
            text, version = self.record.read_version()
        except StateError as error:
            raise self._in_words(error) from None
        if text is None:
            return None, version
        session = read_session(Secret(text))
        if session is None:
            raise KeeperTrouble(f"the session in {self.name} is damaged", help=self.again)
        return session, version

    def write(self, session: KeptSession, version: int) -> int:
        """Put a session there; see `Keeper`."""
        text = session_text(session)

        def put(held: HeldRecord) -> None:
            if held.serial != version:
                raise Overtaken(
                    f"the session in {self.name} was written by another run meanwhile",
                    help=("run the command again",),
                )
            held.write(text.reveal())

        return self._holding(put)

    def start(self, session: KeptSession) -> None:
        """Put a new session there; see `Keeper`."""
        text = session_text(session)
        self._holding(lambda held: held.write(text.reveal()), anew=True)

    def needs(self) -> tuple[str, ...]:
        """What somebody needs; see `Keeper`."""
        return (
            f"to read and write {self.name}, as the state beside it",
            f"the key in `{self.key}`",
        )

    def _holding(self, use: Callable[[HeldRecord], None], *, anew: bool = False) -> int:
        end, done = self.clock() + _PATIENCE, 0
        while True:
            hold = self.record.hold_anew if anew else self.record.hold
            try:
                with hold(self.owner) as held:
                    use(held)
                    done = held.serial
            except (StateLocked, StateLost) as error:
                if not done and self.clock() > end:
                    raise self._in_words(error) from None
            except StateError as error:
                if not done:
                    raise self._in_words(error) from None
            if done:
                # What goes wrong with the lock afterwards takes nothing back.
                return done
            self.sleep(_PAUSE * random.uniform(0.5, 1.5))  # noqa: S311 - not to meet again

    def _in_words(self, error: StateError) -> KeeperTrouble:
        message = error.message.replace("the state in", "the session in", 1)
        match error:
            case StateSealed():
                why = f"the key in `{self.key}` doesn't open it, or somebody altered it"
                return KeeperTrouble(
                    f"the session in {self.name} is encrypted: {why}",
                    help=("give the key that it was stored with, or start anew", *self.again),
                )
            case StateRolledBack() | StateUnreadable():
                return KeeperTrouble(message, help=self.again)
            case _:
                return KeeperTrouble(message, help=error.help)
