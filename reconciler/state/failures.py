"""What can go wrong with state, by what the user can do."""

from collections.abc import Mapping


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


class StateForeign(StateError):
    """The state belongs to another workspace."""

    def __init__(self, name: str, found: str, wanted: str) -> None:
        super().__init__(
            f"the state in {name} belongs to workspace {found}, the manifests to {wanted}",
            ("give each workspace a `spec.state.path` of its own",),
        )


class StateUnwritable(StateError):
    """The state can't be written: the run stops, for what it does could not be remembered."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(
            f"the state in {name} can't be written: {why}",
            ("check that the folder exists, is writable and has room",),
        )


class StateLocked(StateError):
    """Another run holds the lock."""

    def __init__(self, name: str, owner: Mapping[str, object]) -> None:
        who = ", ".join(f"{key} {value}" for key, value in owner.items()) or "owner unknown"
        super().__init__(
            f"the state in {name} is locked ({who})",
            ("wait for that run to end, then try again",),
        )
        self.owner = owner
