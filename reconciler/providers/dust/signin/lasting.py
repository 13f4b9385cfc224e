"""A session that several machines share in use: renewed by one at a time, and written back.

A refresh token counts once, and whoever sends it twice may have the whole session revoked. So
whoever wants to use it writes down first that it does (a lease, by a write on condition), asks the
identity provider, and writes the new tokens in place of the old ones. That also shows that the
place can be written to before anything is used up.
"""

import random
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Event

from reconciler.providers.contract import Call
from reconciler.providers.dust.signin import session_words
from reconciler.providers.dust.signin.endings import RefreshRefused
from reconciler.providers.dust.signin.keepers import Keeper, KeeperTrouble, Overtaken
from reconciler.providers.dust.signin.kept_session import Ended, KeptSession, Renewing, Why
from reconciler.providers.dust.signin.leases import Pace, SignsOfLife, Watch
from reconciler.providers.dust.signin.record import Tokens
from reconciler.providers.dust.signin.renewal import RenewedSignIn
from reconciler.providers.dust.signin.writing_back import renewed, same, waits_for, write_back
from reconciler.providers.failures import Interrupted, SignedOut, Unexpected, Unreachable
from reconciler.providers.unbroken import to_the_end
from reconciler.state import Owner

_GLANCE = 0.5
_CLASHES = 20
"""How often in a row another may have been faster, before something is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Who uses a session for what.

    Parameters: `url` and `workspace_id` say where its tokens are to go, `owner` who renews it;
    `again` is the command that stores a new one; `say` takes a line for the user, `observe` is
    told of each exchange with the identity provider, `stop` is set when the user interrupts.
    """

    url: str
    workspace_id: str
    owner: Owner
    again: str
    say: Callable[[str], None] = lambda _line: None
    observe: Callable[[Call], None] = lambda _call: None
    stop: Event = field(default_factory=Event)
    pace: Pace = field(default_factory=Pace)


class KeptSignIn(RenewedSignIn):
    """The `Renewal` of a kept session. Safe to use from several threads, processes, machines.

    Raises KeeperTrouble, Forbidden for a session that is for somewhere else, SignedOut when there
    is none any more.
    """

    passing = (*RenewedSignIn.passing, KeeperTrouble)

    def __init__(self, keeper: Keeper, use: Use) -> None:
        self._keeper = keeper
        self._use = use
        self._id = uuid.uuid4().hex
        self._told: str | None = None
        self._unsaved: KeptSession | None = None  # with the tokens that ours replace
        session, tokens, _ = self._look()
        again = session_words.sign_in_again(session, use.again)
        super().__init__(session.sign_in, tokens, again=again, observe=use.observe)

    @property
    def place(self) -> str:
        """Where it is kept, for people."""
        return self._keeper.name

    def settle(self) -> None:
        """At the end of a run: once more write back what could not be written."""
        # While it is being renewed, whoever ends the process waits for that, and says so.
        if not self._lock.acquire(timeout=_GLANCE):
            return
        try:
            if self._unsaved is None:
                return
            pace = replace(self._use.pace, again=())
            trouble = write_back(self._keeper, self._unsaved, None, self._tokens, pace)
            if trouble is not None:
                self._use.say(
                    f"the renewed session of {self.record.email} is lost, for it can't be written "
                    f"down: {trouble.message}; store a new one: `{self._use.again}`"
                )
        finally:
            self._lock.release()

    def _look(self) -> tuple[KeptSession, Tokens, int]:
        """The session as it is kept now, if it is one that we may use."""
        (session, version), use, place = self._keeper.read(), self._use, self.place
        if session is None:
            raise session_words.none_stored(place, use.again)
        if session.sign_in.url != use.url:
            raise session_words.for_elsewhere(session, place, use.url, use.again)
        if use.workspace_id not in session.sign_in.workspaces:
            raise session_words.of_a_stranger(session, place, use.again)
        if session.tokens is None:
            raise session_words.over(session, place, use.again)
        return session, session.tokens, version

    def _renew(self, *, needed: bool) -> None:
        watch = Watch(self._use.pace)
        for _ in range(_CLASHES):
            try:
                done = self._renew_once(watch, needed=needed)
            except KeeperTrouble:
                if self._unsaved is None:
                    raise
                # Nobody else has a token that counts, so that no harm can be done without a lease.
                self._tokens = to_the_end(lambda: self._fresh(self._tokens))
                return
            if done:
                return
            self._pause()
        raise KeeperTrouble(
            f"the session in {self.place} is written by others again and again",
            help=("look what else writes there, then try again",),
        )

    def _renew_once(self, watch: Watch, *, needed: bool) -> bool:
        """Whether that was all; False when another was faster."""
        session, version = self._free(watch, needed=needed)
        if session is None:
            return True
        # Ctrl-C between the provider's answer and the write would lose the new refresh token.
        fresh = to_the_end(lambda: self._taken(session, version))
        self._tokens = fresh or self._tokens
        return fresh is not None

    def _free(self, watch: Watch, *, needed: bool) -> tuple[KeptSession | None, int]:
        """The session once nobody else renews it; None when there is nothing to renew."""
        while True:
            session, kept, version = self._look()
            self.record = session.sign_in
            if self._unsaved is not None and waits_for(session, self._unsaved):
                # What others would use is used up.
                return renewed(session, self._tokens), version
            if not same(kept, self._tokens):
                self._unsaved, self._tokens = None, kept
                if not kept.due(self.record.namespace):
                    return None, version  # another was faster
            other = session.renewing
            if other is None or other.id == self._id or watch.ended(other, version):
                return session, version
            if not needed:
                return None, version
            if self._told != other.id:
                self._told = other.id
                self._use.say(
                    f"waiting for {other.text}, which is renewing the session; if it died, for "
                    f"{watch.longest(other):.0f} s"
                )
            self._pause()

    def _taken(self, session: KeptSession, version: int) -> Tokens | None:
        """New tokens, written back; None when another look is needed first."""
        pace, tokens = self._use.pace, session.tokens
        assert tokens is not None
        began = pace.clock()
        claim = replace(session, renewing=self._lease())
        try:
            version = self._keeper.write(claim, version)
        except Overtaken:
            return None
        life = SignsOfLife(self._keeper, claim, version, began, pace)
        if not life.in_time():
            return None  # the lease may be another's before anything is sent
        try:
            with life:
                fresh = self._fresh(tokens, more=life.in_time)
        except RefreshRefused as error:
            self._refused(session, error)
            return None  # there is another pair by now
        except (Unreachable, Unexpected):
            self._let_go(claim, life.version)
            raise
        trouble = write_back(self._keeper, claim, life.version, fresh, pace)
        self._unsaved = claim if trouble is not None else None
        if trouble is not None:
            self._use.say(
                f"the renewed session can't be written down: {trouble.message}; this run goes on "
                "with it, and others can't until it is"
            )
        return fresh

    def _lease(self) -> Renewing:
        now, owner = self._use.pace.now(), self._use.owner
        until = now + timedelta(seconds=self._use.pace.lease)
        return Renewing(id=self._id, by=owner.name, job=owner.job, since=now, until=until)

    def _refused(self, session: KeptSession, error: RefreshRefused) -> None:
        """Raise SignedOut, unless what is kept isn't any more what was refused."""
        now, version = self._keeper.read()
        if now is None or now.tokens is None or not waits_for(now, session):
            return
        if not error.final:
            self._let_go(now, version)
            again = session_words.sign_in_again(now, self._use.again)
            raise SignedOut(error.message, call=error.call, status=error.status, help=again)
        former = now.renewing if error.unanswered else session.renewing
        if former is not None and former.id == self._id and not (former.left or error.unanswered):
            former = None  # nothing was sent under it
        why, by = (Why.REFUSED, None) if former is None else (Why.LOST, former.text)
        over = now.over(Ended(why=why, at=self._use.pace.now(), by=by))
        with suppress(Overtaken, KeeperTrouble):
            self._keeper.write(over, version)
        raise session_words.over(over, self.place, self._use.again, error)

    def _let_go(self, claim: KeptSession, version: int | None) -> None:
        """Tell others that they needn't wait; without that, they wait until the lease ends."""
        if claim.renewing is not None and version is not None:
            left = replace(claim, renewing=replace(claim.renewing, left=True))
            with suppress(Overtaken, KeeperTrouble):
                self._keeper.write(left, version)

    def _pause(self) -> None:
        look = self._use.pace.look
        self._use.pace.sleep(random.uniform(look / 2, look))  # noqa: S311 - not to meet again
        if self._use.stop.is_set():
            raise Interrupted("interrupted while another run renews the session")
