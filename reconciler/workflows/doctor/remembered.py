"""The state: whether it can be read and written, who has it, and what it waits for."""

import os
from datetime import UTC, datetime
from pathlib import Path

from reconciler.diagnostics import count
from reconciler.state import State, StateError
from reconciler.views import Checked, Health
from reconciler.workflows.context import Context


def state_checks(context: Context) -> tuple[Checked, ...]:
    """State, lock, unfinished work and sign-ins that are waited for."""
    lock = _lock(context)
    try:
        state = context.store.load()
    except StateError as error:
        failed = Checked(name="state", health=Health.FAILED, message=error.message, help=error.help)
        return (failed, lock)
    return (_file(context, state), lock, *_open_ends(state))


def _file(context: Context, state: State) -> Checked:
    path = context.store.path
    folder = path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    blocked = path if path.exists() and not os.access(path, os.W_OK) else None
    blocked = blocked or (folder if not os.access(folder, os.W_OK) else None)
    if blocked:
        return Checked(
            name="state",
            health=Health.WARNING,
            message=f"{blocked} can't be written by whoever runs this",
            help=("planning works; for an apply, let that user write there",),
        )
    if not path.exists():
        return Checked(
            name="state",
            health=Health.OK,
            message=f"none yet: the first apply makes {path}",
            help=_elsewhere(path),
        )
    return Checked(
        name="state",
        health=Health.OK,
        message=f"{path}, serial {state.serial}, owns {count(len(state.entries), 'object')}",
    )


def _elsewhere(path: Path) -> tuple[str, ...]:
    if os.environ.get("CI"):
        return (f"in CI, {path.name} must come from where the last run left it",)
    return ()


def _lock(context: Context) -> Checked:
    lease = context.store.holder()
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
