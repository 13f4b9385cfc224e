"""State behind the HTTP protocol that Terraform speaks to GitLab, Gitea and others.

GET reads, POST writes, POST and DELETE at `ADDRESS/lock` lock and unlock (GitLab: "Terraform state
API"; Gitea the same); a fragment `#lock-methods` chooses LOCK and UNLOCK at the address itself
instead, Terraform's own default. A taken lock is answered with 423 or 409. The lock's id goes along
with each write, and the server refuses a write of any other. Locks don't end by themselves.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from reconciler.state.failures import StateError, StateLocked
from reconciler.state.lease import Lease, Owner
from reconciler.state.shelf import Found
from reconciler.state.stores.http_lock import endless_lease
from reconciler.state.stores.http_wire import Wire, wire_to
from reconciler.state.stores.tries import Opening
from reconciler.state.vigil import Clock, Vigil


class HttpShelf:
    """A text at an address of a state server; see `Shelf`.

    Parameters: `url` has no credentials in it; those of `opening` are for basic authentication.
    """

    def __init__(self, url: str, *, opening: Opening) -> None:
        self._url, _, fragment = url.partition("#")
        self._methods = fragment == "lock-methods"
        self._opening = opening
        self.name = self._url

    @property
    def identity(self) -> str:
        """Its address says it."""
        return self.name

    def beside(self, suffix: str) -> "HttpShelf":
        """Another state of the same server."""
        address, question, query = self._url.partition("?")
        fragment = "#lock-methods" if self._methods else ""
        return HttpShelf(
            f"{address}-{suffix}{question}{query}{fragment}",
            opening=self._opening,
        )

    def read(self) -> Found:
        """What is there; see `Shelf`."""
        with self._wire() as wire:
            return wire.read()

    @contextmanager
    def hold(self, owner: Owner) -> Iterator["_HeldHttp"]:
        """Lock it; see `Shelf`."""
        lease = endless_lease(owner)
        with self._wire() as wire:
            wire.lock(lease)
            try:
                yield _HeldHttp(wire, lease, self._opening.clock)
            except BaseException:
                with suppress(StateError):  # what went wrong first is what is told
                    wire.unlock(lease)
                raise
            else:
                wire.unlock(lease)

    def take_away(self, name: str) -> Lease | None:
        """Unlock what `name` holds; see `Shelf`."""
        ours = endless_lease(Owner(user="unlock", host="reconciler", pid=0))
        with self._wire() as wire:
            try:
                wire.lock(ours)
            except StateLocked as error:
                lease = error.lease
                if lease is None or lease.owner.name != name:
                    raise StateLocked(
                        self.name, lease, elsewhere=True, endless=True, wanted=name
                    ) from None
                wire.unlock(lease)
                return lease
            wire.unlock(ours)
            return None

    def _wire(self) -> AbstractContextManager[Wire]:
        return wire_to(self._url, methods=self._methods, opening=self._opening)


class _HeldHttp:
    """The address while its lock is ours; see `Held`."""

    inherited: Lease | None = None

    def __init__(self, wire: Wire, lease: Lease, clock: Clock) -> None:
        self._wire = wire
        self._lease = lease
        self._vigil = Vigil(
            wire.url, look=self._look, renew=self._look, lease=lease.length, clock=clock
        )
        self.check = self._vigil.check

    def read(self) -> Found:
        """What is there."""
        return self._wire.read()

    def write(self, text: str, *, serial: int, expected: str | None) -> str:  # noqa: ARG002
        """Put `text` there; the lock stands for `expected`."""
        with self._vigil.noticing():
            return self._wire.write(text, self._lease)

    def _look(self) -> None:
        self._wire.look(self._lease)
