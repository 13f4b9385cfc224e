"""What can go wrong with state, by what the user can do."""

import shlex
from datetime import timedelta

from reconciler.state.lease import Lease, show


class StateError(Exception):
    """State that can't be used: `message` says what happened, `help` what to do."""

    def __init__(self, message: str, help: tuple[str, ...] = ()) -> None:  # noqa: A002
        super().__init__(message)
        self.message = message
        self.help = help


class StateUnreadable(StateError):
    """The state file is damaged, foreign, or of a later version."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(
            f"the state in {name} can't be used: {why}",
            (
                (
                    "restore the file from version control or a backup; don't delete it: it tells "
                    "your resources from other people's"
                ),
            ),
        )


class StateAltered(StateUnreadable):
    """The state file was changed by something other than this tool."""

    def __init__(self, name: str, found: str, written: str) -> None:
        super().__init__(
            name,
            f"something else changed it after it was written (its checksum is {written}, its "
            f"content has {found})",
        )
        self.help = (
            "undo the edit, or restore the file from version control or a backup",
            "if the edit is meant, look it over and run `reconciler state accept`",
        )


class StateForeign(StateError):
    """The state belongs to another workspace."""

    def __init__(self, name: str, found: str, wanted: str) -> None:
        super().__init__(
            f"the state in {name} belongs to workspace {found}, the manifests to {wanted}",
            ("give each workspace a place of its own in `spec.state`",),
        )


class StateUnwritable(StateError):
    """The state can't be written: the run stops, for what it does could not be remembered."""

    def __init__(
        self,
        name: str,
        why: str,
        help: tuple[str, ...] = ("check that the folder exists, is writable and has room",),  # noqa: A002
    ) -> None:
        super().__init__(f"the state in {name} can't be written: {why}", help)
        self.why = why


class StateUnreachable(StateError):
    """The store of the state can't be asked; what was to be done with it was not done."""

    def __init__(self, name: str, why: str, help: tuple[str, ...] = ()) -> None:  # noqa: A002
        super().__init__(f"the state in {name} can't be reached: {why}", help)


class StateRolledBack(StateError):
    """The state is older than one that was there before, or gone."""

    def __init__(self, name: str, found: int | None, seen: int) -> None:
        now = "it is gone" if found is None else f"it has serial {found}"
        super().__init__(
            f"the state in {name} went back: {now}, and serial {seen} was there before",
            (
                "put the newest one back, if there is a copy: `reconciler state push FILE`",
                "if going back is meant, look it over and run `reconciler state accept`",
            ),
        )
        self.seen = seen


class StateSealed(StateError):
    """The state is encrypted, and can't be opened."""

    def __init__(self, name: str, why: str, help: tuple[str, ...]) -> None:  # noqa: A002
        super().__init__(f"the state in {name} is encrypted, and {why}", help)


class StateUnsealed(StateError):
    """The state isn't encrypted, though the manifests say that it is."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the state in {name} isn't encrypted, and `spec.state.encryption` says that it is",
            (
                "if you have just turned encryption on: `reconciler state accept` encrypts it",
                "else somebody replaced it: put the right one back",
            ),
        )


class StateMoved(StateError):
    """The state was migrated to another place; `lineage` and `serial` are those it left with."""

    def __init__(self, name: str, *, to: str, lineage: str, serial: int) -> None:
        super().__init__(
            f"the state that was in {name} was moved to {to}",
            ("give that place in `spec.state` of the Workspace manifest",),
        )
        self.to = to
        self.lineage = lineage
        self.serial = serial


class StateLocked(StateError):
    """Another run has the state.

    Parameters: `lease` is what its holder wrote down, None when that can't be read; `elsewhere`
    says that its process can't be seen from here, only its lease; `overdue` that it missed its
    heartbeats; `endless` that the store's locks don't end by themselves. `watch` is for how much
    longer it must be seen not to change until it is over, None for one that looks alive.
    """

    def __init__(
        self,
        name: str,
        lease: Lease | None,
        *,
        elsewhere: bool = False,
        overdue: bool = False,
        endless: bool = False,
        wanted: str | None = None,
        watch: timedelta | None = None,
    ) -> None:
        who = "by an unknown owner" if lease is None else f"by {lease.text}"
        not_by = f", not by {wanted}" if wanted and lease and wanted != lease.owner.name else ""
        super().__init__(
            f"the state in {name} is locked {who}{not_by}", _ways(lease, elsewhere, endless)
        )
        if overdue and lease:
            hung = f"end process {lease.owner.pid} on {lease.owner.host}; its lock goes with it"
            self.help = (
                f"its last sign of life was at {show(lease.renewed)}: if it hangs, {hung}",
            )
        self.lease = lease
        self.watch = watch


def _ways(lease: Lease | None, elsewhere: bool, endless: bool) -> tuple[str, ...]:
    wait = "wait for that run to end, then try again; `--lock-timeout 10m` does the waiting"
    if lease is None or not elsewhere:
        return (wait,)
    if endless:
        wait += "; here a lock doesn't end by itself"
    else:
        seconds = f"{lease.length.total_seconds():g}"
        wait += (
            f"; its last sign of life was at {show(lease.renewed)} by its own clock, and a lock is "
            f"taken over once it was seen without one for {seconds} seconds"
        )
    return (
        wait,
        f"if that run is dead for certain: `reconciler unlock {shlex.quote(lease.owner.name)}`",
    )


class StateLost(StateError):
    """The lock was taken away while this run had it: it must write no more."""

    def __init__(self, name: str, lease: Lease | None, *, why: str | None = None) -> None:
        now = "somebody unlocked it" if lease is None else f"it is locked by {lease.text}"
        now = why or now
        super().__init__(
            f"the lock on the state in {name} was lost: {now}",
            (
                "this run stopped where it was; apply again once the other has ended",
                "what was under way is looked up first, and nothing is made twice",
            ),
        )
        self.lease = lease
