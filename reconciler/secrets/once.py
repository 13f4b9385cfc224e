"""A memo that is safe to share between threads: each key is computed once."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Once(Generic[Key, Value]):
    """Remembers what was computed for each key; who asks meanwhile waits for the same answer."""

    __slots__ = ("_futures", "_lock")

    def __init__(self) -> None:
        self._lock = Lock()
        self._futures: dict[Key, Future[Value]] = {}

    def get(self, key: Key, compute: Callable[[], Value]) -> Value:
        """What `compute` returns for `key`, or what it raised, the first time that it's asked."""
        with self._lock:
            future = self._futures.get(key)
            first = future is None
            if future is None:
                future = self._futures[key] = Future()
        if first:
            try:
                future.set_result(compute())
            except BaseException as error:
                future.set_exception(error)
                raise
        return future.result()
