"""Every kind of place for a state, for tests that hold of all of them."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path

from reconciler.state import (
    Credentials,
    FileStore,
    Keys,
    Opening,
    SharedStore,
    Shelf,
    Store,
    Tries,
    Witness,
)
from reconciler.state.heartbeat import LEASE
from reconciler.state.stores import shelf_at
from reconciler.state.stores.files import FileShelf
from reconciler.state.vigil import Clock, uptime
from tests.parts import buckets, gcs_fake, postgres_server, state_server


class Open:
    """A secret in the open, for tests."""

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value."""
        return self._value


QUICK = Tries(attempts=4, first=0.01, most=0.05, seconds=10)
KEY = Open("a key of the tests, of more than thirty-two bytes")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a state is; `url` or `path`. It may go to another process as JSON."""

    url: str | None = None
    path: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    sealed: bool = False
    lease: float = LEASE.total_seconds()
    lingers: bool = False
    """Whether the lock of a run that died stays for a while, or until somebody takes it away."""

    @property
    def text(self) -> str:
        """The place for another process."""
        return json.dumps(asdict(self))

    def shelf(self, *, tries: Tries = QUICK, clock: Clock = uptime) -> Shelf:
        """The bare shelf."""
        lease = timedelta(seconds=self.lease)
        if self.path is not None:
            return FileShelf(Path(self.path), lease=lease, clock=clock)
        password = None if self.password is None else Open(self.password)
        given = Credentials(username=self.username, password=password)
        assert self.url is not None
        opening = Opening(credentials=lambda: given, tries=tries, lease=lease, clock=clock)
        return shelf_at(self.url, key="dust/w1", opening=opening)

    def store(
        self,
        *,
        workspace: str = "w1",
        keys: Keys | None = None,
        witness: Witness | None = None,
        clock: Clock = uptime,
    ) -> Store:
        """The store."""
        if self.path is not None and not self.sealed:
            path = Path(self.path)
            return FileStore(path, provider="dust", workspace_id=workspace, clock=clock)
        chosen = keys or (Keys(current=KEY) if self.sealed else None)
        return SharedStore(
            self.shelf(clock=clock),
            provider="dust",
            workspace_id=workspace,
            keys=lambda: chosen,
            witness=witness,
        )


Making = Callable[[str], Place]
"""Makes a place that is a test's own, from its name."""


@contextmanager
def _files(folder: Path, *, sealed: bool = False) -> Iterator[Making]:
    yield lambda name: Place(path=str(folder / f"{name}.json"), sealed=sealed)


@contextmanager
def _postgres() -> Iterator[Making]:
    with postgres_server.postgres_server() as server:
        yield lambda name: Place(url=f"{server.url}#{name}", password=postgres_server.PASSWORD)


@contextmanager
def _bucket(name: str) -> Iterator[Making]:
    make = {"s3": buckets.s3, "azure": buckets.azure, "gcs": gcs_fake.gcs}[name]
    with make() as bucket:
        yield lambda key: Place(
            url=bucket.url(f"states/{key}.json"),
            username=bucket.username,
            password=bucket.password,
            lingers=True,
        )


@contextmanager
def _http(fragment: str = "") -> Iterator[Making]:
    with state_server.state_server() as server:
        yield lambda name: Place(
            url=f"{server.url}-{name}{fragment}",
            username=state_server.USERNAME,
            password=state_server.PASSWORD,
            lingers=True,
        )


_KINDS: Mapping[str, Callable[[Path], AbstractContextManager[Making]]] = {
    "file": _files,
    "sealed file": lambda folder: _files(folder, sealed=True),
    "postgres": lambda _: _postgres(),
    "s3": lambda _: _bucket("s3"),
    "azure": lambda _: _bucket("azure"),
    "gcs": lambda _: _bucket("gcs"),
    "gitlab": lambda _: _http(),
    "lock methods": lambda _: _http("#lock-methods"),
}
ALL = tuple(_KINDS)
SHARED = ALL[1:]
"""Those with a shelf."""


def open_place(kind: str, folder: Path) -> AbstractContextManager[Making]:
    """Start what is behind places of a kind."""
    return _KINDS[kind](folder)
