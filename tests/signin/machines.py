"""Machines that share a session: each with a keeper of its own at one place."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

from reconciler.providers.dust.signin import (
    Keeper,
    KeptSession,
    KeptSignIn,
    LoginProvider,
    Pace,
    SignIn,
    Tokens,
    Use,
)
from reconciler.providers.dust.signin.state_keeper import StateKeeper
from reconciler.providers.dust.signin.vault_keeper import VaultKeeper
from reconciler.secrets import Pacing, Surroundings
from reconciler.secrets.vault import VaultBackend
from reconciler.state import Keys, Owner, SealedRecord
from tests.parts.vault_fake import VaultFake
from tests.state.places import KEY, open_place

URL, WORKSPACE = "https://dust.example", "acme"
AGAIN = "reconciler login --store -f manifests"
KINDS = ("vault", "sealed file", "gitlab")
QUICK = Pace(look=0.02, again=(0.01, 0.01, 0.01))
_names = itertools.count()


class Clock:
    """A time that only passes when somebody sleeps, or when it is told."""

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        self.ahead = ahead
        self.slept = 0.0

    def now(self) -> datetime:
        """The time of day."""
        return datetime.now(UTC) + self.ahead + timedelta(seconds=self.slept)

    def clock(self) -> float:
        """Seconds since some time."""
        return self.slept

    def sleep(self, seconds: float) -> None:
        """Let some pass."""
        self.slept += seconds

    @property
    def pace(self) -> Pace:
        """A pace by this clock."""
        return Pace(now=self.now, clock=self.clock, sleep=self.sleep)


@dataclass(kw_only=True)
class Machines:
    """What is common to them; `keeper` makes one of a machine's own."""

    keeper: Callable[[], Keeper]
    said: list[str] = field(default_factory=list)
    stop: Event = field(default_factory=Event)

    def sign_in(
        self, number: int = 1, *, pace: Pace = QUICK, keeper: Keeper | None = None
    ) -> KeptSignIn:
        """The session in use on a machine."""
        owner = Owner(user="ci", host=f"runner-{number}", pid=number, job=f"https://ci/{number}")
        use = Use(
            url=URL,
            workspace_id=WORKSPACE,
            owner=owner,
            again=AGAIN,
            say=self.said.append,
            stop=self.stop,
            pace=pace,
        )
        return KeptSignIn(keeper or self.keeper(), use)

    def kept(self) -> KeptSession:
        """What is kept now."""
        session = self.keeper().read()[0]
        assert session is not None
        return session

    def change(self, change: Callable[[KeptSession], KeptSession]) -> None:
        """What somebody else writes there."""
        keeper = self.keeper()
        session, version = keeper.read()
        assert session is not None
        keeper.write(change(session), version)


def session_of(provider: LoginProvider, tokens: Tokens) -> KeptSession:
    """The session of somebody who has just signed in."""
    sign_in = SignIn(
        url=URL,
        email="ana@acme.example",
        workspaces=(WORKSPACE,),
        since=datetime.now(UTC).isoformat(),
        provider=provider,
    )
    return KeptSession(sign_in=sign_in, tokens=tokens)


def vault_keeper(vault: VaultFake, locator: str, token: str | None = None) -> VaultKeeper:
    """A keeper in a Vault."""
    environ = {**vault.environ, **({} if token is None else {"VAULT_TOKEN": token})}
    return VaultKeeper(
        VaultBackend(
            Surroundings(
                environ=environ,
                timeout=10,
                stop=Event(),
                workers=1,
                pacing=Pacing(attempts=2, first=0.01, ceiling=0.01),
            )
        ),
        locator,
    )


@contextmanager
def places(kind: str, folder: Path) -> Iterator[Callable[[], Machines]]:
    """Makes places of one kind, and the machines that share each."""
    if kind == "vault":
        with VaultFake() as vault:

            def in_vault() -> Machines:
                locator = f"secret/ci/{next(_names)}#session"
                return Machines(keeper=lambda: vault_keeper(vault, locator))

            yield in_vault
        return
    with open_place(kind, folder) as making:

        def beside_a_state() -> Machines:
            shelf = making(f"m{next(_names)}").shelf().beside("session")
            record = SealedRecord(
                shelf=shelf,
                what="session",
                provider="dust",
                workspace_id=WORKSPACE,
                keys=Keys(current=KEY),
            )
            owners = itertools.count()

            def keeper() -> Keeper:
                owner = Owner(user="ci", host="runner", pid=next(owners))
                return StateKeeper(record=record, owner=owner, key="env:KEY", again=("anew",))

            return Machines(keeper=keeper)

        yield beside_a_state


def since(session: KeptSession, text: str) -> KeptSession:
    """The same, of another login."""
    return replace(session, sign_in=replace(session.sign_in, since=text))
