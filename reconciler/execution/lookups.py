"""Creations of unknown outcome: what to write down before one, and how to find it afterwards."""

from dataclasses import dataclass, replace
from threading import Event

from reconciler.planning import candidates
from reconciler.providers import Interrupted, ProviderError, Reader, ReadRequest, SignedOut
from reconciler.resources import Action, Change, LiveResource, Operation, Snapshot
from reconciler.state import Intent, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookups:
    """Looks for what a creation made.

    `snapshot` is the workspace before the run, `waits` the seconds before each look, `stop` is set
    when the user wants to go.
    """

    reader: Reader
    session: Session
    snapshot: Snapshot
    waits: tuple[float, ...]
    stop: Event

    def intent(self, change: Change, operation: Operation) -> Intent:
        """What to write down before the operation is sent."""
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
        known = candidates(intent, self.session.state, self.snapshot)
        return replace(intent, known=tuple(sorted(live.remote_id for live in known)))

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
                sure = len(found) == 1 and not self._contested(intent, found[0], snapshot)
                return found[0].remote_id if sure else None
        return None

    def _contested(self, intent: Intent, found: LiveResource, snapshot: Snapshot) -> bool:
        """Whether another creation under way may have made the object as well."""
        state = self.session.state
        rivals = (other for other in state.unfinished if other.address != intent.address)
        return any(found in candidates(rival, state, snapshot) for rival in rivals)
