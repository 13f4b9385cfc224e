"""State, operation by operation: what a change is about to write, has written, has become."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from reconciler.execution.memory import carried, completed
from reconciler.execution.needs import written_secrets
from reconciler.providers import Done, Run
from reconciler.resources import (
    Action,
    Address,
    Change,
    Operation,
    Path,
    Resource,
    SecretRef,
    without,
)
from reconciler.state import Entry, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookkeeper:
    """Keeps state true to what the operations of changes did.

    `fingerprint` makes the text by which state recognises a secret.
    """

    session: Session
    fingerprint: Callable[[SecretRef], str]

    def begin(self, change: Change) -> Entry | None:
        """Write down which fields are about to be written; what state said before.

        Until the change is whole nobody can say what was last applied of them, so that after a
        failure or a crash the rest isn't taken for somebody else's edit.
        """
        entry = self.session.state.entries.get(change.address)
        if entry is None or change.action is not Action.UPDATE:
            return None
        applied = entry.applied
        for changed in change.fields:
            applied = without(applied, changed.path)
        self.session.put(change.address, replace(entry, applied=applied))
        return entry

    def note(self, change: Change, operation: Operation, scope: Run, done: Done) -> None:
        """Bring state up to date with one operation that went through."""
        address = change.address
        if operation.creates:
            scope.remote_id = done.remote_id
            assert done.remote_id is not None, "a creating operation answers with an id"
            deposed = change.deposed
            if change.action is Action.REPLACE and change.remote_id:
                deposed = (*deposed, change.remote_id)
            protect = bool(change.desired and change.desired.protect)
            self.session.put(
                address,
                Entry(
                    remote_id=done.remote_id,
                    protect=protect,
                    deposed=deposed,
                    formerly=self._formerly(address),
                ),
            )
            self._settle(change, scope, done)
        elif done.settles:
            self._settle(change, scope, done)
        elif operation.deletes:
            entry = self.session.state.entries.get(address)
            gone = operation.arguments.get("id", change.remote_id)
            if entry is not None and gone in entry.deposed:
                left = tuple(i for i in entry.deposed if i != gone)
                self.session.put(address, replace(entry, deposed=left))

    def finish(self, change: Change, scope: Run) -> None:
        """Own the finished resource, or nothing after a delete."""
        self.session.ask(change.address, None)
        if change.action is Action.DELETE:
            self.session.drop(change.address)
            return
        assert change.desired is not None
        assert scope.remote_id is not None
        self.session.put(
            change.address,
            Entry(
                remote_id=scope.remote_id,
                applied=completed(change.desired.spec, scope.learned),
                protect=change.desired.protect,
                fingerprints=self._fingerprints(change, change.desired),
                formerly=self._formerly(change.address),
            ),
        )

    def _formerly(self, address: Address) -> tuple[str, ...]:
        entry = self.session.state.entries.get(address)
        return entry.formerly if entry else ()

    def _settle(self, change: Change, scope: Run, done: Done) -> None:
        """Remember at once what can't be read back and would cost a person another sign-in."""
        entry = self.session.state.entries.get(change.address)
        if not done.settles or entry is None or change.desired is None:
            return
        spec = completed(change.desired.spec, scope.learned)
        applied = {**entry.applied, **{name: spec[name] for name in done.settles if name in spec}}
        prints = {
            path: text
            for path, text in self._fingerprints(change, change.desired).items()
            if path[0] in done.settles
        }
        self.session.put(
            change.address,
            replace(entry, applied=applied, fingerprints={**entry.fingerprints, **prints}),
        )
        self.session.ask(change.address, None)

    def _fingerprints(self, change: Change, desired: Resource) -> dict[Path, str]:
        entry = self.session.state.entries.get(change.address)
        kept = {}
        if entry is not None and change.action is Action.UPDATE:
            kept = carried(entry.fingerprints, desired)
        written = written_secrets(change)
        return kept | {path: self.fingerprint(ref) for path, ref in written.items()}
