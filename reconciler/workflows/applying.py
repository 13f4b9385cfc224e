"""Apply: hold the lock, plan or check the saved plan, resolve secrets, execute."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from enum import StrEnum

from reconciler.diagnostics import count
from reconciler.execution import (
    Listener,
    Outcome,
    Person,
    Report,
    Stopped,
    Tools,
    execute,
    needed_secrets,
    written_secrets,
)
from reconciler.planning import Plan, SavedPlan, moved_json, moved_since
from reconciler.providers import Connection
from reconciler.resources import Action, Address, Path, SecretRef, secret_refs
from reconciler.secrets import Fingerprinter
from reconciler.state import LIMIT, Entry, Session, State, StateError, dump
from reconciler.views import moved_lines
from reconciler.workflows.context import Context
from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.fingerprinting import secrets_moved, writing_fingerprinter
from reconciler.workflows.holding import holding
from reconciler.workflows.patience import make_in_time
from reconciler.workflows.planning import Mode, Planned, live_digests, written_places

_LONGEST_ID, _LONGEST_PRINT = "x" * 32, "x" * 160
_AGAIN = ("nothing was written; plan again and have the new plan reviewed",)


class Approval(StrEnum):
    """What became of the question whether to apply a plan; UNASKED where nobody has to say yes."""

    NO = "no"
    YES = "yes"
    UNASKED = "unasked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """How an apply ended; `report` is None when the user said no."""

    planned: Planned
    report: Report | None


def apply(
    context: Context,
    *,
    mode: Mode = "apply",
    saved: SavedPlan | None = None,
    approve: Callable[[Planned], Approval],
    listener: Listener,
    during: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Applied:
    """Plan under the lock, ask, and do it inside `during` (signal handlers, a live display).

    With `saved`, only what that plan says is done, and Stop(STALE) is raised when any of it has
    moved. Raises Stop, ProviderError, StateError.
    """

    def act(session: Session) -> Applied:
        connection = context.connection()
        planned = make_in_time(context, connection, session, mode=mode)
        plan = planned.plan
        if saved is not None:
            plan = _only_saved(planned, saved)
        approval = approve(planned)
        while approval is Approval.YES:
            # Whoever was asked may have taken hours, and this machine may have slept.
            session.check()
            again = make_in_time(context, connection, session, mode=mode)
            same = _told(again.plan) == _told(planned.plan)
            planned, plan = again, again.plan
            if same:
                break
            context.options.say("the plan isn't the same any more; this is what it is now")
            approval = approve(planned)
        if approval is Approval.NO:
            return Applied(planned=planned, report=None)
        with during():
            report = carry_out(planned, plan, connection, session, listener=listener)
        return Applied(planned=planned, report=report)

    return under_lock(context, act)


def under_lock(context: Context, act: Callable[[Session], Applied]) -> Applied:
    """What `act` does with the state to itself; a report outlives the failure of the state.

    What could not be written down by the end stops the run like anything else, and what the run
    made before is told. Raises Stop, ProviderError, StateError.
    """
    applied: Applied | None = None
    try:
        with holding(context) as session:
            applied = act(session)
    except StateError as error:
        if applied is None or applied.report is None:
            raise
        why = Stopped(message=error.message, help=error.help)
        report = replace(applied.report, stopped=applied.report.stopped or why)
        return replace(applied, report=report)
    return applied


def exit_code(report: Report) -> Exit:
    """The exit code that tells how an apply ended."""
    if report.interrupted:
        return Exit.INTERRUPTED
    if report.broken:
        return Exit.PARTLY if report.touched else Exit.FAILED
    if report.of(Outcome.REFUSED):
        return Exit.REFUSED
    if report.of(Outcome.PENDING):
        return Exit.PENDING
    return Exit.DONE


def carry_out(
    planned: Planned,
    plan: Plan,
    connection: Connection,
    session: Session,
    *,
    listener: Listener,
    person: Person | None = None,
) -> Report:
    """Do what `plan`, a part of the planned one, says; with a `person` one change at a time.

    Raises Stop when a secret can't be resolved, or the state would have no room, StateError.
    """
    context = planned.context
    insist_on_room(session.state, plan, encrypted=_encrypts(context))
    secrets = context.resolve(_places(plan))
    fingerprinter = writing_fingerprinter(context) if secrets else Fingerprinter()
    connection = replace(connection, permit=session.check)
    with (
        context.provider.reader(connection) as reader,
        context.provider.writer(connection) as writer,
    ):
        tools = Tools(
            writer=writer,
            reader=reader,
            session=session,
            snapshot=planned.snapshot,
            secrets=secrets,
            fingerprint=lambda reference: fingerprinter.of(reference, secrets[reference]),
            listener=listener,
            parallelism=1 if person else context.options.parallelism,
            stop=context.options.stop,
            person=person,
        )
        return execute(plan, tools, planned.resources)


def _told(plan: Plan) -> tuple[object, ...]:
    """All of a plan that whoever approves it goes by; what it was made from may be newer."""
    changes = tuple(replace(change, live=None) for change in plan.changes)
    return changes, plan.moves, plan.recovered, plan.forgotten


def insist_on_room(state: State, plan: Plan, *, encrypted: bool) -> None:
    """Raise Stop when the state after `plan` would be larger than a later run reads.

    Found out afterwards, everything would have been made and nothing could be owned any more.
    """
    entries = dict(state.entries)
    for change in plan.runnable:
        if change.desired is not None:
            spec = change.desired.spec
            prints = dict.fromkeys(secret_refs(change.desired.kind, spec), _LONGEST_PRINT)
            entries[change.address] = Entry(
                remote_id=change.remote_id or _LONGEST_ID, applied=spec, fingerprints=prints
            )
        elif change.action is Action.DELETE:
            entries.pop(change.address, None)
    size = len(dump(replace(state, entries=entries)).encode("utf-8", "surrogatepass"))
    if size * (4 / 3 if encrypted else 1) > LIMIT:  # base64
        raise Stop(
            Exit.FAILED,
            f"the state would be larger than {LIMIT // 1024**2} MiB, which is all that a later run "
            "reads",
            notes=("nothing was written",),
            help=(
                "give parts of the manifests states of their own: a Workspace manifest for each",
            ),
        )


def _encrypts(context: Context) -> bool:
    place = context.desired.workspace.spec.state
    return place is not None and place.encryption is not None


def _places(plan: Plan) -> dict[SecretRef, tuple[Address, Path]]:
    """The secrets that the plan sends, each with the first place that names it."""
    places: dict[SecretRef, tuple[Address, Path]] = {}
    changes = plan.runnable
    for change in changes:
        for path, reference in written_secrets(change).items():
            places.setdefault(reference, (change.address, path))
    assert places.keys() == needed_secrets(changes)
    return places


def _only_saved(planned: Planned, saved: SavedPlan) -> Plan:
    """The part of a fresh plan that the saved one agreed to; raises Stop when they differ."""
    plan = planned.plan
    _same_state(planned, saved)
    moved = moved_since(saved, plan, live_digests(planned.snapshot, plan))
    known = {str(change.address) for change in saved.changes}
    agreed = {str(change.address) for change in saved.changes if change.refusal is None}
    # What was reviewed as refused may be told again as refused, and never happens.
    left = tuple(
        change
        for change in plan.changes
        if str(change.address) in (known if change.refusal else agreed)
    )
    kept = replace(plan, changes=left)
    if not moved:
        moved = secrets_moved(planned.context, saved, written_places(kept))
    if moved:
        since = planned.state.serial - saved.basis.state_serial
        notes = moved_lines(moved)
        if since and saved.basis.state_serial:
            notes += (f"the state was written {count(since, 'time')} since the plan was made",)
        raise Stop(
            Exit.STALE,
            "the plan is stale: what it touches has changed since it was made",
            notes=notes,
            help=_AGAIN,
            moved=[moved_json(item) for item in moved],
        )
    return kept


def _same_state(planned: Planned, saved: SavedPlan) -> None:
    """A plan counts for the state that it was made on, or a later one of it."""
    basis, state = saved.basis, planned.state
    if not basis.state_serial:
        return  # it was made before there was a state
    if state.lineage != basis.state_lineage:
        raise Stop(
            Exit.STALE,
            "the plan is stale: it was made on another state than the one that is here",
            notes=(f"the plan's lineage is {basis.state_lineage}, this one's {state.lineage}",),
            help=_AGAIN,
        )
    if state.serial < basis.state_serial:
        raise Stop(
            Exit.STALE,
            "the plan is stale: the state that is here is older than the plan",
            notes=(f"the plan saw serial {basis.state_serial}, here is {state.serial}",),
            help=("find out who put an old state back, then plan again",),
        )
