"""Having the state to oneself: under whose name, how long to wait for it, and unlocking it."""

import getpass
import os
import random
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar

from reconciler import __version__
from reconciler.state import Lease, Owner, Session, State, StateLocked
from reconciler.workflows.context import Context
from reconciler.workflows.failures import Exit, Stop

Result = TypeVar("Result")
_TRY_EVERY = 1.0
"""Seconds between two looks at a lock that is waited for, give or take some."""
_MARGIN = 0.1
"""Seconds after the end of what is watched for, so that the last look comes after it."""
LONGEST_WAIT = timedelta(hours=24)


@contextmanager
def holding(context: Context) -> Iterator[Session]:
    """The state, locked, for as long as the block runs; waits for it as `Options` say.

    Raises Stop when it is interrupted while it waits, StateError.
    """
    trace, name = context.options.trace, context.store.name
    who = owner(context.options.environ)
    session: Session | None = None
    try:
        with ExitStack() as stack:
            session = in_turn(
                context,
                lambda: stack.enter_context(context.store.session(owner=who, tool=__version__)),
            )
            if session.inherited:
                context.options.say(
                    f"the run of {session.inherited.owner.name} ended without letting go of the "
                    "state; going on from what it wrote down"
                )
            trace(f"lock: taken on {name}; {state_text(session.state)}")
            yield session
    finally:
        if session is not None:
            trace(f"lock: let go of {name}; {state_text(session.state)}")


def in_turn(context: Context, attempt: Callable[[], Result]) -> Result:
    """What `attempt` gives, tried again while another run has the state, as `Options` say.

    A lock that looks left behind is watched until it is over, however little `Options` want to
    wait: the clock of its holder may be wrong, and then that run lives. Raises StateLocked, Stop
    when it is interrupted while it waits, and what `attempt` raises.
    """
    options = context.options
    end = time.monotonic() + options.lock_timeout.total_seconds()
    told: str | None = None
    while True:
        try:
            return attempt()
        except StateLocked as error:
            left = end - time.monotonic()
            if error.watch is not None:
                left = max(left, error.watch.total_seconds() + _MARGIN)
            if left <= 0:
                raise
            line = _waiting_line(error)
            if line != told:
                options.say(line)
                told = line
        if options.stop.wait(min(left, _TRY_EVERY * random.uniform(0.5, 1.5))):  # noqa: S311
            raise Stop(Exit.INTERRUPTED, "interrupted while waiting for the state")


def _waiting_line(error: StateLocked) -> str:
    if error.lease is None:
        return "waiting for the state, which is locked by an unknown owner"
    line = f"waiting for the state, which is locked by {error.lease.text}"
    if error.watch is None:
        return line
    seconds = error.lease.length.total_seconds()
    return f"{line} and looks left behind: watching it for a sign of life, for {seconds:g} s"


def unlock_state(context: Context, name: str) -> Lease | None:
    """Take the state from the run called `name` that died elsewhere; None when nobody has it.

    So with the session beside the state. Raises StateLocked when another run has it, or its
    process still lives.
    """
    session = context.desired.workspace.spec.credentials.session
    beside = None
    if session is not None and session.beside is not None:
        # Mostly free, or another's by now; the state's own lock is what is told of.
        with suppress(StateLocked):
            beside = context.places.shelf_beside("session").take_away(name)
    try:
        return context.store.unlock(name) or beside
    except StateLocked:
        if beside is None:
            raise
        return beside


def state_text(state: State) -> str:
    """What is worth telling of a state in a line of `--debug`."""
    return (
        f"serial {state.serial}, lineage {state.lineage}, {len(state.entries)} owned, "
        f"{len(state.unfinished)} unfinished, {len(state.consents)} waiting for a sign-in"
    )


def owner(environ: Mapping[str, str]) -> Owner:
    """Who holds the lock, for whoever finds it held."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return Owner(user=user, host=socket.gethostname(), pid=os.getpid(), job=_job(environ))


def _job(environ: Mapping[str, str]) -> str | None:
    """Where to look at the pipeline's run: GitHub's, GitLab's or Jenkins' own variables."""
    parts = [
        environ.get(name) for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    ]
    if all(parts):
        return "{}/{}/actions/runs/{}".format(*parts)
    return environ.get("CI_JOB_URL") or environ.get("BUILD_URL") or None


def holder_json(lease: Lease) -> dict[str, Any]:
    """Who holds a lock, as documents have it."""
    who = lease.owner
    return {
        "owner": who.name,
        "user": who.user,
        "host": who.host,
        "pid": who.pid,
        "job": who.job,
        "since": lease.since.isoformat(timespec="seconds"),
        "renewed": lease.renewed.isoformat(timespec="seconds"),
        "ends": lease.ends.isoformat(timespec="seconds"),
    }
