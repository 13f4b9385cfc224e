"""A small run: one space, and servers that need it."""

from reconciler.execution import Outcome, Result
from reconciler.providers import Pause
from reconciler.resources import Action, Address, Change, Operation, Reason

SPACE, GITHUB, JIRA = (
    Address("Space", "finance"),
    Address("MCPServer", "github"),
    Address("MCPServer", "jira"),
)


def change(address: Address, *needs: Address, summary: str = "") -> Change:
    """The creation of something that needs others."""
    words = summary or f"create {address}"
    operation = Operation(name="create", method="POST", path="/spaces", summary=words, creates=True)
    return Change(
        address=address,
        action=Action.CREATE,
        reason=Reason.NEW,
        title=address.name,
        operations=(operation,),
        depends_on=needs,
    )


CHANGES = (
    change(SPACE, summary="create the space `finance` for everybody who counts, in one long call"),
    change(GITHUB, SPACE),
    change(JIRA, SPACE, GITHUB),
)


def ended(of: Change, outcome: Outcome = Outcome.APPLIED) -> Result:
    """How it ended."""
    return Result(change=of, outcome=outcome, started=True)


def pause(seconds: float, *, asked: bool = True) -> Pause:
    """A wait before the second try of a call."""
    return Pause(
        method="GET",
        path="/api/w/w1/mcp",
        seconds=seconds,
        attempt=2,
        asked=asked,
        reason="status 503",
    )
