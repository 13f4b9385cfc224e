"""A bounded pool that starts each node as soon as what it needs is done."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Node = TypeVar("Node")
Value = TypeVar("Value")

_POLL = 0.2
"""Seconds between two looks at the clock of the main thread, so that Ctrl-C is heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs(Generic[Node, Value]):
    """What to do with each node.

    `work` is called in a thread of the pool. A node that needs one whose value `proceed` doesn't
    accept is given `skip(node, need)` instead.
    """

    work: Callable[[Node], Value]
    proceed: Callable[[Value], bool]
    skip: Callable[[Node, Node], Value]


def run(
    nodes: Iterable[Node],
    needs: Mapping[Node, AbstractSet[Node]],
    jobs: Jobs[Node, Value],
    *,
    parallelism: int,
) -> dict[Node, Value]:
    """Work on every node, at most `parallelism` at a time; needs that aren't nodes count as met.

    An exception of `work` stops the start of others, lets the running ones end, and is raised.
    """
    board = _Board.of(nodes, needs, jobs)
    running: dict[Future[Value], Node] = {}
    failure: BaseException | None = None
    pool = ThreadPoolExecutor(max_workers=max(1, parallelism), thread_name_prefix="apply")
    try:
        while True:
            while board.ready and failure is None and len(running) < parallelism:
                node = board.ready.popleft()
                running[pool.submit(jobs.work, node)] = node
            if not running:
                break
            done, _ = wait(running, timeout=_POLL, return_when=FIRST_COMPLETED)
            for future in done:
                node = running.pop(future)
                error = future.exception()
                if error is None:
                    board.settle(node, future.result())
                else:
                    failure = failure or error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    if failure is not None:
        raise failure
    return board.results


@dataclass(slots=True, kw_only=True)
class _Board(Generic[Node, Value]):
    """Who waits for whom, who may start, and what came of the rest."""

    jobs: Jobs[Node, Value]
    missing: dict[Node, set[Node]]
    needed_by: dict[Node, list[Node]]
    ready: deque[Node]
    results: dict[Node, Value] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        nodes: Iterable[Node],
        needs: Mapping[Node, AbstractSet[Node]],
        jobs: Jobs[Node, Value],
    ) -> "_Board[Node, Value]":
        listed = dict.fromkeys(nodes)
        missing = {n: {need for need in needs.get(n, ()) if need in listed} for n in listed}
        needed_by: dict[Node, list[Node]] = {node: [] for node in listed}
        for node, required in missing.items():
            for need in required:
                needed_by[need].append(node)
        ready = deque(node for node in listed if not missing[node])
        return cls(jobs=jobs, missing=missing, needed_by=needed_by, ready=ready)

    def settle(self, node: Node, value: Value) -> None:
        """Note a result, and free or skip those that wait for it."""
        settled = [(node, value)]
        while settled:
            node, value = settled.pop()
            self.results[node] = value
            accepted = self.jobs.proceed(value)
            for dependant in self.needed_by[node]:
                if dependant in self.results:
                    continue
                if not accepted:
                    skipped = self.jobs.skip(dependant, node)
                    self.results[dependant] = skipped
                    settled.append((dependant, skipped))
                    continue
                self.missing[dependant].discard(node)
                if not self.missing[dependant]:
                    self.ready.append(dependant)
