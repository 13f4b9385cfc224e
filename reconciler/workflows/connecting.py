"""Connect: finish the sign-ins that servers wait for, with a person at the keyboard."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from reconciler.execution import Listener, Person
from reconciler.planning import Plan
from reconciler.resources import Address, Change
from reconciler.state import Session
from reconciler.workflows.applying import Applied, carry_out, under_lock
from reconciler.workflows.context import Context
from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.patience import make_in_time


def connect(
    context: Context,
    addresses: Sequence[str],
    *,
    person: Person,
    listener: Listener,
    during: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Applied:
    """Do the changes that take a sign-in (those at `addresses`, or all), and no others.

    Raises Stop, ProviderError, StateError.
    """
    wanted = [_address(text) for text in addresses]

    def act(session: Session) -> Applied:
        connection = context.connection()
        planned = make_in_time(context, connection, session, mode="apply")
        waiting = [change for change in planned.plan.changes if takes_a_person(change)]
        chosen = _chosen(planned.plan, waiting, wanted)
        plan = replace(planned.plan, changes=chosen)
        if not chosen:
            context.options.say("no server waits for a sign-in")
        with during():
            report = carry_out(planned, plan, connection, session, listener=listener, person=person)
        return Applied(planned=planned, report=report)

    return under_lock(context, act)


def takes_a_person(change: Change) -> bool:
    """Whether somebody has to sign in for the change."""
    return any(operation.interactive for operation in change.operations)


def _address(text: str) -> Address:
    try:
        return Address.parse(text if "/" in text else f"MCPServer/{text}")
    except ValueError as error:
        raise Stop(Exit.USAGE, f"`{text}` is no address: {error}") from None


def _chosen(plan: Plan, waiting: list[Change], wanted: list[Address]) -> tuple[Change, ...]:
    known = {change.address: change for change in waiting}
    managed = {change.address for change in plan.changes} | set(plan.unchanged)
    for address in wanted:
        if address not in managed:
            raise Stop(Exit.USAGE, f"no manifest describes {address}")
    chosen = [known[address] for address in wanted if address in known] if wanted else waiting
    blocked = {change.address for change in plan.changes} - {change.address for change in chosen}
    for change in chosen:
        needs = [str(address) for address in change.depends_on if address in blocked]
        if needs:
            raise Stop(
                Exit.FAILED,
                f"{change.address} needs {', '.join(needs)}, which is not applied yet",
                help=("run `reconciler apply` first; it does all that needs nobody to sign in",),
            )
    return tuple(chosen)
