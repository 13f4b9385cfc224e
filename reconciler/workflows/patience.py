"""Wait out what an interrupted run may have left under way on the platform.

A creation outlives the process that asked for it: the platform tries the remote server for up to
25 seconds before the new object shows (Dust API: `POST /mcp` probes first). Planning at once would
not find it, and make another.
"""

import time

from reconciler.planning import owns_its_object
from reconciler.providers import Connection
from reconciler.resources import Address
from reconciler.state import Session
from reconciler.workflows.context import Context
from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.planning import Mode, Planned, make

SETTLES = 30.0
"""Seconds after which a creation that doesn't show hasn't happened."""
_BETWEEN = 2.0


def make_in_time(
    context: Context, connection: Connection, session: Session, *, mode: Mode
) -> Planned:
    """Plan for an apply; while a creation of the run before may still come to light, plan again.

    Raises ProviderError, StateError, Stop.
    """
    deadline = time.monotonic() + SETTLES - session.quiet
    while True:
        planned = make(context, connection, mode=mode, state=session.state)
        missing = unaccounted(session, planned)
        left = deadline - time.monotonic()
        if not missing or left <= 0:
            return planned
        names = ", ".join(map(str, missing))
        context.options.say(
            f"an interrupted run may still create {names}: looking for {left:.0f} s"
        )
        if context.options.stop.wait(min(left, _BETWEEN)):
            raise Stop(Exit.INTERRUPTED, "interrupted; nothing was written")


def unaccounted(session: Session, planned: Planned) -> list[Address]:
    """Creations that were started, and of which the workspace shows nothing: the awaited ones.

    Those of which no time is known are given up at the first look; they count as well.
    """
    plan, state, snapshot = planned.plan, session.state, planned.snapshot
    given_up = {
        intent.address
        for intent in state.unfinished
        if intent.asked is None
        and intent not in plan.state.unfinished
        and intent.address not in plan.recovered
        and not owns_its_object(intent, state, snapshot)
    }
    return sorted(given_up.union(plan.awaited))
