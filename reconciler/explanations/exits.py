"""What each exit code means, and what to do."""

from collections.abc import Mapping

EXITS: Mapping[int, tuple[str, str]] = {
    0: ("done, or nothing to do", ""),
    1: ("failed; nothing was applied", "read the message, mend what it names, run it again"),
    2: ("changes pending", "only `plan`, `drift` and `adopt` with --detailed-exitcode say so"),
    3: (
        "partly applied, or applied and then unable to write that down or to print it",
        "mend what failed and apply again: it goes on where it stopped",
    ),
    4: (
        "refused by a guard or a policy, or a pull request says where credentials go",
        "`reconciler explain GATE` tells the way out; the rest was applied",
    ),
    5: ("the saved plan is stale or has expired", "plan again and have the new plan reviewed"),
    6: ("applied, sign-ins pending", "the persons named run `reconciler connect`"),
    7: ("the state is locked by another run", "wait for it, or pass `--lock-timeout 10m`"),
    64: ("wrong usage", "read `reconciler COMMAND --help`"),
    130: ("interrupted", "run it again: it looks first what happened"),
}
"""By exit code: what it means, and what to do then."""
