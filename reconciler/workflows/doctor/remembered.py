"""The state: whether it can be read and written, who has it, and what it waits for."""

import os
from datetime import UTC, datetime
from pathlib import Path

from reconciler.diagnostics import count
from reconciler.state import FileStore, State, StateError, Store
from reconciler.views import Checked, Health
from reconciler.workflows.context import Context
from reconciler.workflows.failures import Stop


def state_checks(context: Context) -> tuple[Checked, ...]:
    """State, lock, unfinished work and sign-ins that are waited for."""
    store = context.store
    lock = (_lock(store),) if isinstance(store, FileStore) else ()
    try:
        state = store.load()
    except (StateError, Stop) as error:
        advice = error.help or (
            f"check `spec.state`, and what stands between here and {store.name}",
        )
        failed = Checked(name="state", health=Health.FAILED, message=error.message, help=advice)
        return (failed, *lock)
    return (_kept(store, state), *lock, *_open_ends(state))


def _kept(store: Store, state: State) -> Checked:
    blocked = _blocked(store.path) if isinstance(store, FileStore) else None
    if blocked is not None:
        return Checked(
            name="state",
            health=Health.WARNING,
            message=f"{blocked} can't be written by whoever runs this",
            help=("planning works; for an apply, let that user write there",),
        )
    if not state.serial:
        return Checked(
            name="state",
            health=Health.OK,
            message=f"none yet: the first apply makes {store.name}",
            help=_elsewhere(store.name),
        )
    return Checked(
        name="state",
        health=Health.OK,
        message=f"{store.name}, serial {state.serial}, owns {count(len(state.entries), 'object')}",
    )


def _blocked(path: Path) -> Path | None:
    """The file or folder that this user may not write; None when nothing is in the way."""
    folder = path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    places = [place for place in (path, folder) if place.exists()]
    return next((place for place in places if not os.access(place, os.W_OK)), None)


def _elsewhere(name: str) -> tuple[str, ...]:
    if os.environ.get("CI"):
        return (f"in CI, {name} must come from where the last run left it",)
    return ()


def _lock(store: FileStore) -> Checked:
    lease = store.holder()
    if lease is None:
        return Checked(name="lock", health=Health.OK, message="nobody has the state")
    if lease.ends < datetime.now(UTC):
        return Checked(
            name="lock",
            health=Health.WARNING,
            message=f"the run of {lease.text} gave no sign of life for long",
            help=("the next apply goes on from what it wrote down",),
        )
    return Checked(
        name="lock",
        health=Health.WARNING,
        message=f"the state is locked by {lease.text}",
        help=("an apply would wait for that run only with `--lock-timeout 10m`",),
    )


def _open_ends(state: State) -> tuple[Checked, ...]:
    checks: list[Checked] = []
    if state.unfinished:
        names = ", ".join(str(intent.address) for intent in state.unfinished)
        checks.append(
            Checked(
                name="unfinished",
                health=Health.WARNING,
                message=f"an interrupted run may have created {names}",
                help=("the next apply looks first what happened, and makes no duplicate",),
            )
        )
    if state.consents:
        waits = "; ".join(
            f"{address} waits for {consent.who}, since {consent.since}"
            for address, consent in sorted(state.consents.items())
        )
        checks.append(
            Checked(
                name="sign-ins",
                health=Health.WARNING,
                message=waits,
                help=("those persons run `reconciler connect`",),
            )
        )
    return tuple(checks)
