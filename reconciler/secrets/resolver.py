"""Resolve references late, in parallel, each of them once."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, wait
from threading import Event, Lock, Thread
from types import MappingProxyType
from typing import Self

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets.backend import Backend, Pacing, Surroundings
from reconciler.secrets.failure import SecretFailure, failure
from reconciler.secrets.once import Once
from reconciler.secrets.registry import BACKENDS
from reconciler.secrets.secret import Secret

Resolution = Secret | SecretFailure
_GLANCE = 0.1
"""Seconds between two looks at `stop` while secrets are being read."""


class Resolver:
    """Fetches secrets for one run of the tool.

    Every reference is read at most once in the resolver's life, failures included: a run sees
    one value of a secret, even if it is rotated meanwhile. Safe to share between threads. Use it
    as a context manager, or call `close()`, to let go of connections.

    Parameters: `workers` bounds how many references are read at once; `environ` is the
    environment (`os.environ` when None); `timeout` the seconds that one exchange with a server
    may take; `stop` is set when the user interrupts: what is not read by then fails at once;
    `pacing` how passing failures are retried; `backends` the schemes known; `trace` is told which
    references were read, from the threads that read them, and never what is in them; `refuse` says
    of a reference why it isn't to be read, before any backend sees it.
    """

    def __init__(
        self,
        *,
        workers: int = 8,
        environ: Mapping[str, str] | None = None,
        timeout: float = 10.0,
        stop: Event | None = None,
        pacing: Pacing | None = None,
        backends: Mapping[str, Callable[[Surroundings], Backend]] = BACKENDS,
        trace: Callable[[str], None] = lambda _line: None,
        refuse: Callable[[SecretRef], SecretFailure | None] = lambda _reference: None,
    ) -> None:
        self._trace = trace
        self._refuse = refuse
        self._surroundings = Surroundings(
            environ=os.environ if environ is None else environ,
            timeout=timeout,
            stop=stop or Event(),
            workers=max(1, workers),
            pacing=pacing or Pacing(),
        )
        self._makers = backends
        self._backends: Once[str, Backend] = Once()
        self._opened: list[Backend] = []
        self._lock = Lock()
        self._results: dict[SecretRef, Future[Resolution]] = {}
        self._queue: deque[SecretRef] = deque()
        self._busy = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close connections; what was read stays known."""
        with self._lock:
            opened, self._opened = self._opened, []
        for backend in opened:
            backend.close()

    def backend(self, scheme: str) -> Backend:
        """The backend of a known scheme, for one that can do more than read; closed with the
        resolver.
        """
        return self._backends.get(scheme, lambda: self._open(scheme))

    def resolve(self, references: Iterable[SecretRef]) -> Mapping[SecretRef, Resolution]:
        """The secret, or why there is none, for each reference, in the order given."""
        wanted = tuple(dict.fromkeys(references))
        pending = self._enqueue(wanted)
        waiting = set(pending.values())
        while waiting and not self._surroundings.stop.is_set():
            _, waiting = wait(waiting, timeout=_GLANCE)
        return MappingProxyType(
            {
                reference: future.result() if future.done() else _interrupted(reference)
                for reference, future in pending.items()
            }
        )

    def _enqueue(self, wanted: Iterable[SecretRef]) -> dict[SecretRef, Future[Resolution]]:
        pending: dict[SecretRef, Future[Resolution]] = {}
        with self._lock:
            for reference in wanted:
                future = self._results.get(reference)
                if future is None:
                    future = self._results[reference] = Future()
                    self._queue.append(reference)
                pending[reference] = future
            missing = min(self._surroundings.workers, self._busy + len(self._queue)) - self._busy
            self._busy += missing
        for _ in range(missing):
            # Daemons, so that a server that never answers can't keep the process from ending.
            Thread(target=self._work, name="secrets", daemon=True).start()
        return pending

    def _work(self) -> None:
        while (reference := self._next()) is not None:
            future = self._results[reference]
            try:
                result = self._read(reference)
                told = result.code.value if isinstance(result, SecretFailure) else "read"
                self._trace(f"secret {reference}: {told}")
                future.set_result(result)
            except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
                future.set_exception(error)

    def _next(self) -> SecretRef | None:
        with self._lock:
            if self._queue:
                return self._queue.popleft()
            self._busy -= 1
            return None

    def _read(self, reference: SecretRef) -> Resolution:
        if self._surroundings.stop.is_set():
            return _interrupted(reference)
        refused = self._refuse(reference)
        if refused is not None:
            return refused
        if reference.scheme not in self._makers:
            known = ", ".join(f"`{scheme}`" for scheme in sorted(self._makers))
            return failure(
                reference,
                Code.SECRET_MALFORMED,
                f"names the unknown scheme `{reference.scheme}`",
                f"known schemes are {known}",
            )
        return self.backend(reference.scheme).read(reference)

    def _open(self, scheme: str) -> Backend:
        backend = self._makers[scheme](self._surroundings)
        with self._lock:
            self._opened.append(backend)
        return backend


def _interrupted(reference: SecretRef) -> SecretFailure:
    return failure(
        reference,
        Code.SECRET_UNREACHABLE,
        "was not read: the run was interrupted",
        "run the command again",
    )
