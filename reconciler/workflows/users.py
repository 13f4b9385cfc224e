"""Ask the workspace who uses what a plan takes away. Only GET; a failure is said, and no stop."""

from dataclasses import replace

from reconciler.diagnostics import Code, Diagnostic, Diagnostics, Severity, count
from reconciler.planning import Plan
from reconciler.providers import Connection, Interrupted, ProviderError
from reconciler.resources import Change
from reconciler.workflows.context import Context


def with_users(context: Context, connection: Connection, plan: Plan) -> Plan:
    """The plan, with the names of those who lose an object by it.

    Raises Interrupted.
    """
    asked = [c for c in plan.changes if c.remote_id and context.provider.breaks_users(c)]
    if not asked:
        return plan
    context.options.say(f"asking who uses {count(len(asked), 'server')}")
    try:
        with context.provider.reader(connection) as reader:
            users = reader.users({change.remote_id for change in asked if change.remote_id})
    except Interrupted:
        raise
    except ProviderError as error:
        notes = (error.message, *((f"while: {error.call}",) if error.call else ()))
        return _warned(plan, asked, notes)
    known = {change.address: users.get(change.remote_id or "") for change in asked}
    told = tuple(
        replace(change, users=known[change.address]) if change.address in known else change
        for change in plan.changes
    )
    plan = replace(plan, changes=told)
    silent = [change for change in asked if known[change.address] is None]
    return _warned(plan, silent, ("the workspace's answer doesn't name it",)) if silent else plan


def _warned(plan: Plan, unknown: list[Change], notes: tuple[str, ...]) -> Plan:
    warning = Diagnostic(
        code=Code.USERS_UNKNOWN,
        message=f"who uses {', '.join(str(change.address) for change in unknown)} isn't known",
        notes=notes,
        help=("look in the workspace which agents and skills use it before you apply",),
        severity=Severity.WARNING,
        address=str(unknown[0].address) if len(unknown) == 1 else None,
    )
    return replace(plan, warnings=Diagnostics.of((*plan.warnings, warning)))
