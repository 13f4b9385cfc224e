"""A backend by itself, with surroundings that are quick to give up."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event

from reconciler.secrets import Backend, Pacing, Resolver, Surroundings

Maker = Callable[[Surroundings], Backend]


@contextmanager
def resolving(
    scheme: str, make: Maker, environ: Mapping[str, str] | None = None, *, timeout: float = 5.0
) -> Iterator[Resolver]:
    """A resolver that knows one scheme, and tries three times without waiting for long."""
    pacing = Pacing(attempts=3, first=0.001, ceiling=0.002)
    with Resolver(
        environ=environ or {}, pacing=pacing, timeout=timeout, stop=Event(), backends={scheme: make}
    ) as resolver:
        yield resolver
