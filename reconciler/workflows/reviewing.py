"""The plan that was reviewed: the very file whose digest stood in the pull request when it was
merged."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.forges import Forge, Merged, Note, marker_of
from reconciler.planning import PlanUnreadable, SavedPlan, read_plan
from reconciler.workflows.failures import Exit, Stop

_SAYS = re.compile(r"^Reviewed here is the plan `(sha256:[0-9a-f]{64})`\s*\Z", re.MULTILINE)
_AGAIN = (
    "nothing was written",
    "run the apply workflow by hand: it plans, and whoever approves the run reviews that plan",
    "on GitLab that is Run pipeline, on the default branch",
)


def statement(digest: str) -> str:
    """The last line of a comment, which says which plan it shows.

    Being the last, it can't come from a text of a manifest or of the workspace.
    """
    return f"Reviewed here is the plan `{digest}`\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedPlan:
    """A plan with the pull request in which it was reviewed."""

    merged: Merged
    plan: SavedPlan

    @property
    def digest(self) -> str:
        """The plan's digest."""
        return str(self.plan.document["digest"])


def reviewed_plan(forge: Forge, commit: str, *, key: str, artifact: str, path: str) -> ReviewedPlan:
    """The plan that was reviewed with the pull request whose merge made `commit`.

    It is `path` in an artifact named `artifact` of the pull request's last commit, and the comment
    with `key` says its digest, as it stood at the merge. A plan that changes nothing needs no
    comment. Raises Stop: FAILED when nothing was reviewed, STALE when what was reviewed isn't
    there (any more).
    """
    merged = forge.merged(commit)
    if merged is None:
        raise Stop(
            Exit.FAILED,
            f"{commit[:12]} came without a pull request: nobody reviewed a plan for it",
            help=_AGAIN,
        )
    comments = forge.comments(merged.number).ours(marker_of(key))
    shown = _shown(comments, merged)
    plans: list[ReviewedPlan] = []
    for found in _plans(forge, merged, artifact, path):
        plans.append(found)
        if found.digest in shown or not (shown or comments or found.plan.changes):
            return found
    raise _missing(merged, plans, shown)


def _shown(comments: Sequence[Note], merged: Merged) -> set[str]:
    """The digests that reviewers saw. Raises Stop when the comment changed after the merge."""
    for note in comments:
        if note.updated > merged.at:
            raise Stop(
                Exit.STALE,
                f"the plan in {merged.url} was changed after the merge: it isn't what was reviewed",
                help=_AGAIN,
            )
    return {found[1] for note in comments if (found := _SAYS.search(note.body))}


def _plans(forge: Forge, merged: Merged, artifact: str, path: str) -> Iterator[ReviewedPlan]:
    for data in forge.artifacts(merged, artifact, path):
        try:
            plan = read_plan(data.decode("utf-8"), name=f"`{path}` of {artifact}")
        except UnicodeDecodeError:
            raise Stop(Exit.FAILED, f"`{path}` of {artifact} is not a plan") from None
        except PlanUnreadable as error:
            raise Stop(Exit.FAILED, error.message, help=error.help) from None
        yield ReviewedPlan(merged=merged, plan=plan)


def _missing(merged: Merged, plans: list[ReviewedPlan], shown: set[str]) -> Stop:
    if not plans:
        return Stop(
            Exit.STALE,
            f"there is no plan for {merged.head[:12]}, the last commit of {merged.url}",
            notes=("its artifact has expired, or planning failed",),
            help=_AGAIN,
        )
    seen = ", ".join(sorted(shown)) or "none"
    return Stop(
        Exit.STALE,
        f"the plan of {merged.head[:12]} isn't the one that was shown in {merged.url}",
        notes=(f"shown: {seen}", f"found: {', '.join(each.digest for each in plans)}"),
        help=_AGAIN,
    )
