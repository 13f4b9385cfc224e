"""Creations of unknown outcome: what to write down before one, and how to find it afterwards."""

from dataclasses import dataclass, field, replace
from threading import Event, Lock

from reconciler.planning import TAKES, candidates, fitting, recognised
from reconciler.providers import (
    Conflict,
    Interrupted,
    ProviderError,
    Reader,
    ReadRequest,
    SignedOut,
)
from reconciler.resources import Action, Address, Change, LiveResource, Operation, Snapshot
from reconciler.state import Intent, Session

_AHEAD = 2_000
"""Milliseconds by which the platform's clock may be ahead of what its answers, in seconds, tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookups:
    """Looks for what a creation made. Safe to use from several threads.

    `snapshot` is the workspace as it was planned on, `waits` the seconds before each look, `stop`
    is set when the user wants to go.
    """

    reader: Reader
    session: Session
    snapshot: Snapshot
    waits: tuple[float, ...]
    stop: Event
    _fresh: list[Snapshot] = field(default_factory=list, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def intent(self, change: Change, operation: Operation) -> Intent:
        """What to write down before a creating operation is sent.

        Raises Conflict when the workspace has by now what fits it; ProviderError.
        """
        match: dict[str, str] = {}
        if change.desired is not None:
            kind = change.desired.kind
            # While an object is replaced its successor goes by a passing name.
            names = kind.identity if change.action is Action.CREATE else kind.identity[:1]
            match = {n: str(change.desired.spec[n]) for n in names if n in change.desired.spec}
        intent = Intent(
            address=change.address,
            operation=operation.name,
            match=match,
            replaces=change.remote_id if change.action is Action.REPLACE else None,
        )
        known: set[str] = set()
        for snapshot in (self.snapshot, fresh := self._just_before()):
            known |= {live.remote_id for live in fitting(intent, self.session.state, snapshot)}
        planned = self.snapshot.resources.get(change.address.kind, {})
        if newcomers := sorted(
            known.intersection(fresh.resources.get(change.address.kind, {})) - planned.keys()
        ):
            raise Conflict(
                f"somebody made {newcomers[0]} since the workspace was read, and it may be "
                f"{change.address}",
                help=("plan again",),
            )
        intent = replace(intent, known=tuple(sorted(known)), asked=self.reader.now())
        earlier = self.under_way(change.address)
        return intent if earlier is None else _both(earlier, intent)

    def under_way(self, address: Address) -> Intent | None:
        """The creation that was asked for before, and of which it isn't known what came of it."""
        found = (each for each in self.session.state.unfinished if each.address == address)
        return next(found, None)

    def lost(self, intent: Intent) -> Intent:
        """Write down that the answer to a creation was given up."""
        now = self.reader.now()
        if now is None:
            return intent
        intent = replace(intent, lost=now + _AHEAD)
        self.session.intend(intent)
        return intent

    def _just_before(self) -> Snapshot:
        """The lists as they are before the first creation of the run, read once for all of it.

        What the run itself makes from then on is known by the ids in the answers, and what others
        make by its time.
        """
        with self._lock:
            if not self._fresh:
                self._fresh.append(self.reader.snapshot(ReadRequest(owned={}, titles={})))
            return self._fresh[0]

    def look_up(self, change: Change, intent: Intent) -> str | None:
        """The id of what a creation of unknown outcome made, once it shows; None if it doesn't."""
        titles = {change.address.kind: frozenset((change.title.casefold(),))}
        request = ReadRequest(owned={}, titles=titles)
        for seconds in self.waits:
            if self.stop.wait(seconds):
                return None
            try:
                snapshot = self.reader.snapshot(request)
            except (Interrupted, SignedOut):
                return None
            except ProviderError:
                continue  # the next look, or the next apply, may be luckier
            found = candidates(intent, self.session.state, snapshot)
            if found:
                made = recognised(found, intent)
                sure = made is not None and not self._contested(intent, made, snapshot)
                return made.remote_id if made is not None and sure else None
        return None

    def _contested(self, intent: Intent, found: LiveResource, snapshot: Snapshot) -> bool:
        """Whether another creation under way may have made the object as well."""
        state = self.session.state
        rivals = (other for other in state.unfinished if other.address != intent.address)
        return any(found in candidates(rival, state, snapshot) for rival in rivals)


def _both(earlier: Intent, again: Intent) -> Intent:
    """One intent for a creation that is asked for once more: either may have made the object."""
    known = tuple(sorted({*earlier.known, *again.known}))
    if earlier.asked is None or again.asked is None:
        return replace(again, known=known, asked=None)
    return replace(again, known=known, asked=earlier.asked, lost=again.asked + TAKES)
