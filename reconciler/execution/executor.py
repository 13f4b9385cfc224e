"""Carries a plan out: journalled operations, state after each, lookups instead of guesses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Event, Lock

from reconciler.execution.memory import carried, completed, lift_protection, refresh_unchanged
from reconciler.execution.needs import written_secrets
from reconciler.execution.outcomes import Outcome, Report, Result, Stopped
from reconciler.execution.person import Person, Step
from reconciler.execution.scheduler import Jobs, run
from reconciler.planning import Plan, candidates
from reconciler.providers import (
    ConsentPending,
    Done,
    Interrupted,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    Reader,
    ReadRequest,
    Run,
    SignedOut,
    Writer,
)
from reconciler.resources import (
    Action,
    Address,
    Change,
    LiveResource,
    Operation,
    Path,
    Resource,
    SecretRef,
    Snapshot,
    without,
)
from reconciler.secrets import Secret
from reconciler.state import Consent, Entry, Intent, Session


class Listener:
    """Is told what happens, from several threads; does nothing unless overridden."""

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

    Raises what isn't the platform's fault: StateError when the state can't be written.
    """
    tools.session.start_from(plan.state)
    refresh_unchanged(plan, tools.session, resources)
    lift_protection(plan, tools.session)
    worker = _Worker(tools)
    by_address = {change.address: change for change in plan.runnable}
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


def _cut_short(change: Change, operation: Operation, stopped: Stopped) -> Result:
    """The result of a change whose operation was refused, as every other call would have been."""
    if operation is change.operations[0]:
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


def _refused(change: Change) -> Result:
    message = change.refusal.diagnostic.message if change.refusal else ""
    return Result(change=change, outcome=Outcome.REFUSED, message=message)


class _Worker:
    """Works on changes, each in a thread of the pool."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._session = tools.session
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
        before = self._begin(change)
        result = self._send_all(change, scope)
        if result is not None:
            if before is not None and not result.started:
                self._session.put(change.address, before)
            return result
        self._remember(change, scope)
        return Result(change=change, outcome=Outcome.APPLIED, started=True)

    def _send_all(self, change: Change, scope: Run) -> Result | None:
        """Send the operations in order; None when all went through."""
        position = 0
        while position < len(change.operations):
            operation = change.operations[position]
            try:
                result = self._attempt(change, operation, scope)
            except ConsentPending as pending:
                result = self._ask(change, pending.consent, scope)
                if result is None:
                    position = _sign_in_of(change)
                    continue
            if result is not None:
                return result
            position += 1
        return None

    def _ask(self, change: Change, consent: Consent, scope: Run) -> Result | None:
        """Turn to the person; None when it is worth another try."""
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
                    finish=lambda callback: self._tools.writer.finish_sign_in(consent, callback),
                )
        except ProviderError as error:
            self._session.ask(change.address, None)
            return replace(
                Result.of_error(change, Outcome.FAILED, operation, error), started=position > 0
            )
        if step is Step.AGAIN:
            self._session.ask(change.address, None)
            scope.consent = None
        if step is not Step.LEAVE:
            return None
        return Result(
            change=change,
            outcome=Outcome.PENDING,
            operation=operation,
            started=position > 0,
            message=f"{consent.who} has to sign in",
            help=(f"that person runs `reconciler connect {change.address}`",),
            consent=consent,
        )

    def _begin(self, change: Change) -> Entry | None:
        """Write down which fields are about to be written; what state said before.

        Until the change is whole nobody can say what was last applied of them, so that after a
        failure or a crash the rest isn't taken for somebody else's edit.
        """
        entry = self._session.state.entries.get(change.address)
        if entry is None or change.action is not Action.UPDATE:
            return None
        applied = entry.applied
        for changed in change.fields:
            applied = without(applied, changed.path)
        self._session.put(change.address, replace(entry, applied=applied))
        return entry

    def _attempt(self, change: Change, operation: Operation, scope: Run) -> Result | None:
        """Send one operation; None when it went through."""
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
        intent = self._intent(change, operation)
        if operation.creates:
            self._session.intend(intent)
        try:
            done = self._perform(change, operation, scope, intent)
        except ConsentPending:
            self._session.settle(change.address, operation.name, "failed", "not signed in yet")
            raise
        except OutcomeUnknown as error:
            self._session.settle(change.address, operation.name, "unknown", error.message)
            return Result.of_error(change, Outcome.UNKNOWN, operation, error)
        except SignedOut as error:
            self._session.settle(change.address, operation.name, "failed", error.message)
            return _cut_short(change, operation, self._stop(error))
        except ProviderError as error:
            self._session.settle(change.address, operation.name, "failed", error.message)
            return Result.of_error(change, Outcome.FAILED, operation, error)
        self._note(change, operation, scope, done)
        self._session.settle(change.address, operation.name, "done")
        return None

    def _stop(self, error: SignedOut) -> Stopped:
        """Start nothing more; what is told is what the first refusal said."""
        with self._lock:
            if self.stopped is None:
                self.stopped = Stopped(message=error.message, call=error.call, help=error.help)
            return self.stopped

    def _perform(self, change: Change, operation: Operation, scope: Run, intent: Intent) -> Done:
        try:
            return self._tools.writer.perform(operation, change, scope)
        except NotFound:
            if operation.deletes:
                return Done()
            raise
        except OutcomeUnknown:
            found = self._look_up(change, intent) if operation.creates else None
            if found is None:
                raise
            return Done(remote_id=found)

    def _look_up(self, change: Change, intent: Intent) -> str | None:
        """The id of what a creation of unknown outcome made, once it shows; None if it doesn't."""
        titles = {change.address.kind: frozenset((change.title.casefold(),))}
        request = ReadRequest(owned={}, titles=titles)
        for seconds in self._tools.lookups:
            if self._tools.stop.wait(seconds):
                return None
            try:
                snapshot = self._tools.reader.snapshot(request)
            except (Interrupted, SignedOut):
                return None
            except ProviderError:
                continue  # the next look, or the next apply, may be luckier
            found = candidates(intent, self._session.state, snapshot)
            if found:
                sure = len(found) == 1 and not self._contested(intent, found[0], snapshot)
                return found[0].remote_id if sure else None
        return None

    def _contested(self, intent: Intent, found: LiveResource, snapshot: Snapshot) -> bool:
        """Whether another creation under way may have made the object as well."""
        state = self._session.state
        rivals = (other for other in state.unfinished if other.address != intent.address)
        return any(found in candidates(rival, state, snapshot) for rival in rivals)

    def _intent(self, change: Change, operation: Operation) -> Intent:
        match: dict[str, str] = {}
        if change.desired is not None:
            kind = change.desired.kind
            # While an object is replaced its successor goes by a passing name.
            names = kind.identity if change.action is Action.CREATE else kind.identity[:1]
            match = {n: str(change.desired.spec[n]) for n in names if n in change.desired.spec}
        intent = Intent(
            address=change.address,
            operation=operation.name,
            match=match,
            replaces=change.remote_id if change.action is Action.REPLACE else None,
        )
        known = candidates(intent, self._session.state, self._tools.snapshot)
        return replace(intent, known=tuple(sorted(live.remote_id for live in known)))

    def _note(self, change: Change, operation: Operation, scope: Run, done: Done) -> None:
        """Bring state up to date with one operation that went through."""
        address = change.address
        if operation.creates:
            scope.remote_id = done.remote_id
            assert done.remote_id is not None, "a creating operation answers with an id"
            deposed = change.deposed
            if change.action is Action.REPLACE and change.remote_id:
                deposed = (*deposed, change.remote_id)
            protect = bool(change.desired and change.desired.protect)
            self._session.put(
                address, Entry(remote_id=done.remote_id, protect=protect, deposed=deposed)
            )
            self._settle(change, scope, done)
        elif done.settles:
            self._settle(change, scope, done)
        elif operation.deletes:
            entry = self._session.state.entries.get(address)
            gone = operation.arguments.get("id", change.remote_id)
            if entry is not None and gone in entry.deposed:
                left = tuple(i for i in entry.deposed if i != gone)
                self._session.put(address, replace(entry, deposed=left))

    def _settle(self, change: Change, scope: Run, done: Done) -> None:
        """Remember at once what can't be read back and would cost a person another sign-in."""
        entry = self._session.state.entries.get(change.address)
        if not done.settles or entry is None or change.desired is None:
            return
        spec = completed(change.desired.spec, scope.learned)
        applied = {**entry.applied, **{name: spec[name] for name in done.settles if name in spec}}
        prints = {
            path: text
            for path, text in self._fingerprints(change, change.desired).items()
            if path[0] in done.settles
        }
        self._session.put(
            change.address,
            replace(entry, applied=applied, fingerprints={**entry.fingerprints, **prints}),
        )
        self._session.ask(change.address, None)

    def _remember(self, change: Change, scope: Run) -> None:
        """Own the finished resource, or nothing after a delete."""
        self._session.ask(change.address, None)
        if change.action is Action.DELETE:
            self._session.drop(change.address)
            return
        assert change.desired is not None
        assert scope.remote_id is not None
        self._session.put(
            change.address,
            Entry(
                remote_id=scope.remote_id,
                applied=completed(change.desired.spec, scope.learned),
                protect=change.desired.protect,
                fingerprints=self._fingerprints(change, change.desired),
            ),
        )

    def _fingerprints(self, change: Change, desired: Resource) -> dict[Path, str]:
        entry = self._session.state.entries.get(change.address)
        kept = {}
        if entry is not None and change.action is Action.UPDATE:
            kept = carried(entry.fingerprints, desired)
        written = written_secrets(change)
        return kept | {path: self._tools.fingerprint(ref) for path, ref in written.items()}

    def _remote_id(self, address: Address) -> str:
        return self._session.state.entries[address].remote_id


def _sign_in_of(change: Change) -> int:
    """Where the person comes in."""
    return next(i for i, operation in enumerate(change.operations) if operation.interactive)
