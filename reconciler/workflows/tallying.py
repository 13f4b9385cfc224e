"""What a pipeline wants to know of a command that ended: counts, and whether the job fails."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reconciler.workflows.failures import Exit


class FailOn(StrEnum):
    """What makes a job fail."""

    ERROR = "error"
    REFUSED = "refused"
    PENDING = "pending"
    CHANGES = "changes"
    DRIFT = "drift"


COUNTED = ("create", "update", "replace", "delete", "refused", "drifted", "applied", "pending")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How a command ended.

    Parameters: `code` is its exit code, `failed` whether the job does, `counts` has every name of
    `COUNTED`, `digest` is that of the plan; empty for none.
    """

    code: int
    failed: bool
    changes: bool
    digest: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)

    def values(self) -> dict[str, str]:
        """As names and values, none of which comes from a manifest or a workspace."""
        return {
            "exit-code": str(self.code),
            "failed": _word(self.failed),
            "has-changes": _word(self.changes),
            "digest": self.digest,
            **{name: str(self.counts[name]) for name in COUNTED},
        }


def tally(text: str, code: int, fail_on: frozenset[FailOn]) -> Tally:
    """The tally of a command that printed `text` as JSON and ended with `code`.

    A command that says all is well and prints no document of ours counts as failed.
    """
    document = _document(text)
    counts = _counts(document)
    if code == Exit.DONE and not document:
        code = int(Exit.FAILED)
    shape = document.get("format")
    drifting = shape == "reconciler.drift/v1"
    # Also what an apply did or left: it had something to do.
    changes = bool(document.get("changes") or document.get("results"))
    wanted = {
        FailOn.ERROR: code not in (Exit.DONE, Exit.CHANGES, Exit.REFUSED, Exit.PENDING),
        FailOn.REFUSED: code == Exit.REFUSED,
        FailOn.PENDING: code == Exit.PENDING,
        FailOn.CHANGES: changes and not drifting,
        FailOn.DRIFT: counts["drifted"] > 0,
    }
    return Tally(
        code=code,
        failed=any(wanted[each] for each in fail_on),
        changes=changes,
        digest=document["digest"] if shape == "reconciler.plan/v1" else "",
        counts=counts,
    )


def _document(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    known = isinstance(found, dict) and str(found.get("format", "")).startswith("reconciler.")
    return found if known else {}


def _counts(document: Mapping[str, Any]) -> dict[str, int]:
    match document.get("format"):
        case "reconciler.plan/v1" | "reconciler.report/v1":
            found = Counter(document["summary"])
        case "reconciler.drift/v1":
            actions = (change["action"] for change in document["changes"] if not change["refusal"])
            found = Counter(actions)
            found["refused"] = sum(1 for change in document["changes"] if change["refusal"])
            found["drifted"] = len(document["changes"])
        case _:
            found = Counter()
    return {name: found[name] for name in COUNTED}


def _word(truth: bool) -> str:
    return "true" if truth else "false"
