"""State in PostgreSQL: a row each, an advisory lock, and a serial that every write must move on.

The lock lives as long as its connection, so that a run that died holds nothing. The row's serial
guards each write as well, and is all that guards it behind a pooler that hands one session's
statements to several connections. The table (`reconciler_state`, or `?table=schema.name`) is made
by the first apply.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, RLock
from time import monotonic
from urllib.parse import parse_qsl, unquote, urlsplit

from reconciler.state.failures import StateLocked, StateLost, StateUnreachable, StateUnwritable
from reconciler.state.heartbeat import beating
from reconciler.state.lease import Lease, Owner, lease_json
from reconciler.state.locking import new_lease
from reconciler.state.shelf import Found
from reconciler.state.stores.postgres_row import RENEW, SET_LEASE, TABLE, WRITE, Table, connected
from reconciler.state.stores.tries import Opening, Trouble
from reconciler.state.vigil import Clock, Vigil

_RESUMES = 3
_RESUME = 15.0
"""Seconds in which a connection that broke must be there again, with the lock."""


class PostgresShelf:
    """A row of a table; see `Shelf`.

    Parameters: `url` has no password in it: `postgresql://user@host:port/database?table=…#key`;
    parts that are left out are libpq's (`PGHOST` and so on), as is any other parameter such as
    `sslmode`. `key` is the row when the URL names none.
    """

    def __init__(self, url: str, *, key: str, opening: Opening) -> None:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query))
        self._table = tuple(query.pop("table", TABLE).split("."))
        self._server = parts._replace(query="", fragment="").geturl()
        self._parameters = query
        self._url = url.partition("#")[0]
        self._key = unquote(parts.fragment) or key
        self._opening = opening
        self.name = f"{self._url}#{self._key}"

    @property
    def identity(self) -> str:
        """Its address says it."""
        return self.name

    def beside(self, suffix: str) -> "PostgresShelf":
        """Another row of the same table."""
        return PostgresShelf(
            self._url,
            key=f"{self._key}/{suffix}",
            opening=self._opening,
        )

    def read(self) -> Found:
        """What is there; see `Shelf`."""

        def ask() -> Found:
            with self._table_at_hand() as table:
                return table.read()[0]

        return self._opening.tries.reading(self.name, ask)

    @contextmanager
    def hold(self, owner: Owner) -> Iterator["_HeldRow"]:
        """Lock the row; see `Shelf`."""
        lease = new_lease(owner, self._opening.lease)
        held = _HeldRow(self.name, lease, self._open, self._opening.clock)
        self._opening.tries.reading(self.name, held.begin)
        try:
            with beating(held.vigil.renew, lease=lease.length):
                yield held
        finally:
            held.end()

    def take_away(self, name: str) -> Lease | None:
        """End the connection of the run called `name`, and its lease; see `Shelf`."""

        def ask() -> Lease | None:
            with self._table_at_hand() as table:
                lease = table.read()[1]
                holders = table.holders()
                if lease is None and not holders:
                    return None
                if lease is None or lease.owner.name != name:
                    raise StateLocked(self.name, lease, elsewhere=True, wanted=name)
                for pid in holders:
                    table.ask("SELECT pg_terminate_backend(%(pid)s)", pid=pid)
                table.ask(RENEW, lease=None, id=lease.id)
                return lease

        return self._opening.tries.reading(self.name, ask)

    @contextmanager
    def _table_at_hand(self) -> Iterator[Table]:
        table = self._open()
        try:
            yield table
        finally:
            table.close()

    def _open(self) -> Table:
        connection = connected(self._server, self._parameters, self._opening, name=self.name)
        return Table(self.name, connection, self._table, self._key)


class _HeldRow:
    """The row while its lock is ours; see `Held`."""

    def __init__(self, name: str, lease: Lease, open_: Callable[[], Table], clock: Clock) -> None:
        self.inherited: Lease | None = None
        self.vigil = Vigil(
            name, look=self._look, renew=self._renew, lease=lease.length, clock=clock
        )
        self.check = self.vigil.check
        self._name = name
        self._lease = lease
        self._open = open_
        self._table: Table | None = None
        self._lock = RLock()

    def begin(self) -> None:
        """Take the lock, and write the lease down. Raises StateLocked, Trouble."""
        table = self._open()
        try:
            if not table.lock():
                lease = table.read()[1]
                overdue = lease is not None and lease.ends < datetime.now(UTC)
                raise StateLocked(self._name, lease, elsewhere=True, overdue=overdue)
            table.create()
            self.inherited = table.read()[1]
            table.ask(SET_LEASE, lease=json.dumps(lease_json(self._lease)))
        except BaseException:
            table.close()
            raise
        self._table = table

    def read(self) -> Found:
        """What is there."""
        with self._lock:
            try:
                return self._alive().read()[0]
            except Trouble as trouble:
                raise StateUnreachable(self._name, trouble.why) from None

    def write(self, text: str, *, serial: int, expected: str | None) -> str:
        """Put `text` in the place of the serial `expected`."""
        content = {"text": text, "serial": serial, "expected": int(expected or 0)}
        with self.vigil.noticing(), self._lock:
            for _ in range(_RESUMES):
                try:
                    if self._alive().ask(WRITE, id=self._lease.id, **content).rowcount == 1:
                        return str(serial)
                    found, lease = self._alive().read()
                except Trouble:
                    self._resume()
                    continue
                if found.text == text and found.version == str(serial):
                    return str(serial)  # it was done before the connection broke
                if lease is None or lease.id != self._lease.id:
                    raise StateLost(self._name, lease)
                raise StateLost(self._name, None, why=f"another wrote serial {found.version}")
            raise StateLost(self._name, None, why="its connection breaks again and again")

    def _look(self) -> None:
        """Raise StateLost unless row and lock are ours; a connection that broke is made anew."""
        with self._lock:
            try:
                found = self._alive().lease_id()
            except Trouble:
                self._resume()  # looks for itself
                return
            if found != self._lease.id:
                raise StateLost(self._name, self._alive().read()[1])

    def _renew(self) -> None:
        """Give a sign of life."""
        with self._lock:
            lease = self._lease.at(datetime.now(UTC))
            try:
                done = (
                    self._alive()
                    .ask(RENEW, lease=json.dumps(lease_json(lease)), id=lease.id)
                    .rowcount
                )
            except Trouble as trouble:
                raise StateUnreachable(self._name, trouble.why) from None
            if done != 1:
                raise StateLost(self._name, None, why="its lease is another's")
            self._lease = lease

    def end(self) -> None:
        """Give lease and lock up; a lease that is another's stays."""
        with self._lock:
            if self._table is None:
                return
            try:
                self._table.ask(RENEW, lease=None, id=self._lease.id)
            except (Trouble, StateUnwritable):
                pass  # the lock goes with the connection, and the lease is one of the dead
            finally:
                self._table.close()
                self._table = None

    def _alive(self) -> Table:
        if self._table is None:
            raise StateLost(self._name, None, why="its connection broke")
        return self._table

    def _resume(self) -> None:
        """Connect again, and have the lock again, unless somebody else had it meanwhile."""
        end = monotonic() + _RESUME
        if self._table is not None:
            self._table.close()
            self._table = None
        while monotonic() < end:
            try:
                table = self._open()
            except Trouble:
                Event().wait(0.5)
                continue
            try:
                lease = table.read()[1]
                if lease is None or lease.id != self._lease.id:
                    raise StateLost(self._name, lease)
                if table.lock():
                    self._table = table
                    return
            except Trouble:
                pass  # it broke again
            finally:
                if self._table is not table:
                    table.close()
            Event().wait(0.5)
        raise StateLost(self._name, None, why="its connection broke")
