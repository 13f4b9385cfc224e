"""Carries a plan out: journalled operations, state after each, lookups instead of guesses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Event, Lock

from reconciler.execution.bookkeeping import Bookkeeper
from reconciler.execution.lookups import Lookups
from reconciler.execution.memory import lift_protection, refresh_unchanged
from reconciler.execution.outcomes import Outcome, Report, Result, Stopped
from reconciler.execution.person import Person, Step
from reconciler.execution.scheduler import Jobs, run
from reconciler.planning import Plan
from reconciler.providers import (
    ConsentPending,
    Done,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    Reader,
    Run,
    SignedOut,
    Writer,
)
from reconciler.resources import (
    Address,
    Change,
    Operation,
    Resource,
    SecretRef,
    Snapshot,
)
from reconciler.secrets import Secret
from reconciler.state import Intent, Session, StateError


class Listener:
    """Is told what happens, from several threads; does nothing unless overridden."""

    def begun(self, changes: Sequence[Change]) -> None:
        """All that will be tried, before any of it; `depends_on` says what waits for what."""

    def started(self, change: Change) -> None:
        """A change begins."""

    def operation(self, change: Change, operation: Operation) -> None:
        """A call is about to be sent."""

    def finished(self, result: Result) -> None:
        """A change has ended, one way or another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What an execution works with.

    `secrets` are resolved before the first write; `fingerprint` makes the text by which state
    recognises a secret; `lookups` are the seconds to wait before each look for a creation whose
    outcome is unknown; `stop` is set when the user wants no further operation to start; `person`
    is asked for sign-ins, which wait for another time when there is nobody.
    """

    writer: Writer
    reader: Reader
    session: Session
    snapshot: Snapshot
    secrets: Mapping[SecretRef, Secret]
    fingerprint: Callable[[SecretRef], str]
    listener: Listener = field(default_factory=Listener)
    parallelism: int = 4
    lookups: tuple[float, ...] = (1.0, 5.0, 20.0)
    stop: Event = field(default_factory=Event)
    person: Person | None = None


def execute(plan: Plan, tools: Tools, resources: Mapping[Address, Resource]) -> Report:
    """Make every runnable change of `plan`; refused ones and their dependants stay as they are.

    Raises StateError when the state can't be written before anything was sent; what keeps it from
    being written later is in the report, as are the changes that were made until then.
    """
    tools.session.start_from(plan.state)
    refresh_unchanged(plan, tools.session, resources)
    lift_protection(plan, tools.session)
    worker = _Worker(tools)
    by_address = {change.address: change for change in plan.runnable}
    tools.listener.begun(tuple(by_address.values()))
    results = run(
        by_address,
        {address: frozenset(change.depends_on) for address, change in by_address.items()},
        Jobs(
            work=lambda address: worker.work(by_address[address]),
            proceed=lambda result: result.outcome is Outcome.APPLIED,
            skip=lambda address, need: worker.skip(by_address[address], need),
        ),
        parallelism=tools.parallelism,
    )
    return Report(
        results=tuple(results.get(change.address) or _refused(change) for change in plan.changes),
        interrupted=tools.stop.is_set(),
        stopped=worker.stopped,
    )


def _not_tried(change: Change, why: str) -> Result:
    return Result(change=change, outcome=Outcome.SKIPPED, message=f"not tried: {why}")


def _cut_short(
    change: Change, operation: Operation, stopped: Stopped, *, started: bool = False
) -> Result:
    """The result of a change whose operation was refused, as every other call would have been.

    `started` says that a part of the operation was done all the same.
    """
    if operation is change.operations[0] and not started:
        return _not_tried(change, stopped.message)
    return Result(
        change=change,
        outcome=Outcome.FAILED,
        operation=operation,
        started=True,
        message=f"stopped before this operation: {stopped.message}",
        call=stopped.call,
        help=("apply again to finish it",),
    )


def _pending(change: Change, pending: ConsentPending) -> Result:
    position = _sign_in_of(change)
    help_ = f"that person runs `reconciler connect {change.address}`"
    if pending.trouble:
        help_ = (
            "apply again if that person has signed in already: the server's authorization server "
            f"may be down; else {help_}"
        )
    return Result(
        change=change,
        outcome=Outcome.PENDING,
        operation=change.operations[position],
        started=position > 0,
        message=pending.message,
        help=(help_,),
        consent=pending.consent,
    )


def _refused(change: Change) -> Result:
    message = change.refusal.diagnostic.message if change.refusal else ""
    return Result(change=change, outcome=Outcome.REFUSED, message=message)


@dataclass(slots=True, kw_only=True)
class _Reached:
    """How far a change came, for a run whose state fails in the middle of it.

    `operation` is the one that it is at, `done` says that the platform did it, `result` how the
    change ended, if it has.
    """

    change: Change
    scope: Run
    operation: Operation | None = None
    done: bool = False
    result: Result | None = None

    def cut(self, stopped: Stopped) -> Result:
        """The result of the change, of which nothing more could be written down."""
        if self.result is not None:
            return self.result
        if self.operation is None:
            return _not_tried(self.change, stopped.message)
        if not self.done:
            return _cut_short(self.change, self.operation, stopped, started=self.scope.wrote)
        made = f" ({self.scope.remote_id})" if self.operation.creates else ""
        return Result(
            change=self.change,
            outcome=Outcome.FAILED,
            operation=self.operation,
            started=True,
            message=f"this was done{made} and could not be written down: {stopped.message}",
            help=("apply again: what the state doesn't know is looked up first",),
        )


class _Worker:
    """Works on changes, each in a thread of the pool."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._session = tools.session
        self._books = Bookkeeper(session=tools.session, fingerprint=tools.fingerprint)
        self._lookups = Lookups(
            reader=tools.reader,
            session=tools.session,
            snapshot=tools.snapshot,
            waits=tools.lookups,
            stop=tools.stop,
        )
        self._lock = Lock()
        self.stopped: Stopped | None = None

    def work(self, change: Change) -> Result:
        """Run the operations of one change in order, and remember the result."""
        if self._tools.stop.is_set():
            return self._report(
                Result(change=change, outcome=Outcome.SKIPPED, message="the run was interrupted")
            )
        if self.stopped is not None:
            return self._report(_not_tried(change, self.stopped.message))
        self._tools.listener.started(change)
        return self._report(self._operate(change))

    def skip(self, change: Change, need: Address) -> Result:
        """The result of a change that waits for one which didn't happen."""
        message = f"it needs {need}, which was not applied"
        return self._report(Result(change=change, outcome=Outcome.SKIPPED, message=message))

    def _report(self, result: Result) -> Result:
        self._tools.listener.finished(result)
        return result

    def _operate(self, change: Change) -> Result:
        scope = Run(
            remote_id=change.remote_id,
            resolve=self._remote_id,
            secret=self._tools.secrets.__getitem__,
            facts=dict(change.live.facts) if change.live else {},
            consent=self._session.state.consents.get(change.address),
        )
        reached = _Reached(change=change, scope=scope)
        try:
            before = self._books.begin(change)
            result = reached.result = self._send_all(change, scope, reached)
            if result is not None:
                if before is not None and not result.started:
                    self._session.put(change.address, before)
                return result
            self._books.finish(change, scope)
        except StateError as error:
            return reached.cut(self._stop(Stopped(message=error.message, help=error.help)))
        return Result(change=change, outcome=Outcome.APPLIED, started=True)

    def _send_all(self, change: Change, scope: Run, reached: _Reached) -> Result | None:
        """Send the operations in order; None when all went through."""
        position = 0
        while position < len(change.operations):
            operation = change.operations[position]
            try:
                result = self._attempt(change, operation, scope, reached)
            except ConsentPending as pending:
                result = self._ask(change, pending, scope)
                if result is None:
                    position = _sign_in_of(change)
                    continue
            if result is not None:
                return replace(result, started=result.started or scope.wrote)
            position += 1
        return None

    def _ask(self, change: Change, pending: ConsentPending, scope: Run) -> Result | None:
        """Turn to the person; None when it is worth another try."""
        consent = pending.consent
        fresh, scope.consent = consent != scope.consent, consent
        self._session.ask(change.address, consent)
        position = _sign_in_of(change)
        operation = change.operations[position]
        person, step = self._tools.person, Step.LEAVE
        try:
            if person is not None:
                step = person.asked(
                    change,
                    consent,
                    fresh=fresh,
                    trouble=pending.trouble,
                    finish=lambda callback: self._tools.writer.finish_sign_in(consent, callback),
                )
        except ProviderError as error:
            self._session.ask(change.address, None)
            return replace(
                Result.of_error(change, Outcome.FAILED, operation, error), started=position > 0
            )
        if step is Step.AGAIN:
            scope.consent = None  # remembered until there is another: beginning one may fail
        if step is not Step.LEAVE:
            return None
        return _pending(change, pending)

    def _attempt(
        self, change: Change, operation: Operation, scope: Run, reached: _Reached
    ) -> Result | None:
        """Send one operation; None when it went through."""
        reached.operation, reached.done = operation, False
        if self._tools.stop.is_set():
            return Result(
                change=change,
                outcome=Outcome.FAILED,
                operation=operation,
                started=operation is not change.operations[0],
                message="interrupted before this operation; nothing of it was sent",
                help=("apply again to finish",),
            )
        if self.stopped is not None:
            return _cut_short(change, operation, self.stopped)
        self._tools.listener.operation(change, operation)
        again = operation.creates and self._lookups.under_way(change.address) is not None
        failed = "unknown" if again else "failed"  # the earlier one may have made it all the same
        try:
            intent = None
            if operation.creates:
                intent = self._lookups.intent(change, operation)
                self._session.intend(intent)
            done = self._perform(change, operation, intent, reached)
        except ConsentPending:
            self._session.settle(change.address, operation.name, failed, "not signed in yet")
            raise
        except OutcomeUnknown as error:
            reached.result = Result.of_error(change, Outcome.UNKNOWN, operation, error)
            self._session.settle(change.address, operation.name, "unknown", error.message)
            return reached.result
        except SignedOut as error:
            self._session.settle(change.address, operation.name, failed, error.message)
            stopped = Stopped(message=error.message, call=error.call, help=error.help)
            return _cut_short(change, operation, self._stop(stopped))
        except ProviderError as error:
            reached.result = Result.of_error(change, Outcome.FAILED, operation, error)
            self._session.settle(change.address, operation.name, failed, error.message)
            return reached.result
        reached.done = True
        scope.remote_id = done.remote_id or scope.remote_id
        self._books.note(change, operation, scope, done)
        self._session.settle(change.address, operation.name, "done")
        return None

    def _stop(self, why: Stopped) -> Stopped:
        """Start nothing more; what is told is what was the first to stop it."""
        with self._lock:
            self.stopped = self.stopped or why
            return self.stopped

    def _perform(
        self, change: Change, operation: Operation, intent: Intent | None, reached: _Reached
    ) -> Done:
        try:
            return self._tools.writer.perform(operation, change, reached.scope)
        except NotFound:
            if operation.deletes:
                return Done()
            raise
        except OutcomeUnknown as error:
            if intent is None:
                raise
            # Told as it is also when that can't be written down.
            reached.result = Result.of_error(change, Outcome.UNKNOWN, operation, error)
            found = self._lookups.look_up(change, self._lookups.lost(intent))
            if found is None:
                raise
            reached.result = None
            return Done(remote_id=found)

    def _remote_id(self, address: Address) -> str:
        return self._session.state.entries[address].remote_id


def _sign_in_of(change: Change) -> int:
    """Where the person comes in."""
    return next(i for i, operation in enumerate(change.operations) if operation.interactive)
