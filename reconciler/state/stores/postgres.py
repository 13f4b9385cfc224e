"""State in PostgreSQL: a row each, an advisory lock, and a serial that every write must move on.

The lock lives as long as its connection, so that a run that died holds nothing. The row's serial
guards each write as well, and is all that guards it behind a pooler that hands one session's
statements to several connections. The table (`reconciler_state`, or `?table=schema.name`) is made
by the first apply.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, RLock
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from reconciler.state.failures import (
    StateLocked,
    StateLost,
    StateUnreachable,
    StateUnreadable,
    StateUnwritable,
)
from reconciler.state.heartbeat import LEASE, Heartbeat
from reconciler.state.lease import Lease, Owner, lease_json, parse_lease
from reconciler.state.locking import new_lease
from reconciler.state.shelf import LIMIT, Credentials, Found, told
from reconciler.state.stores.tries import Tries, Trouble

if TYPE_CHECKING:
    import psycopg
    from psycopg.sql import Composed

TABLE = "reconciler_state"
_CREATE = """
CREATE TABLE IF NOT EXISTS {table} (
    key text PRIMARY KEY,
    text text,
    serial bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    lease jsonb
)"""
_READ = """
SELECT text, serial, extract(epoch FROM clock_timestamp() - updated_at)::float8, lease::text
FROM {table} WHERE key = %(key)s"""
_BEGIN = "INSERT INTO {table} (key) VALUES (%(key)s) ON CONFLICT DO NOTHING"
_LEASE = "UPDATE {table} SET lease = %(lease)s WHERE key = %(key)s"
_RENEW = _LEASE + " AND lease->>'id' = %(id)s"
_WRITE = """
UPDATE {table} SET text = %(text)s, serial = %(serial)s, updated_at = clock_timestamp()
WHERE key = %(key)s AND serial = %(expected)s AND lease->>'id' = %(id)s"""
_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%(lock)s, 0))"
# The two halves of the key are how PostgreSQL shows an advisory lock of one 64-bit number.
_HOLDERS = """
SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND ((classid::bigint << 32) | objid::bigint) = hashtextextended(%(lock)s, 0)"""
_RESUMES = 3
_RESUME = 15.0
"""Seconds in which a connection that broke must be there again, with the lock."""


class PostgresShelf:
    """A row of a table; see `Shelf`.

    Parameters: `url` has no password in it: `postgresql://user@host:port/database?table=…#key`;
    parts that are left out are libpq's (`PGHOST` and so on), as is any other parameter such as
    `sslmode`. `key` is the row when the URL names none.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str,
        credentials: Callable[[], Credentials],
        tries: Tries,
        lease: timedelta = LEASE,
    ) -> None:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query))
        self._table = tuple(query.pop("table", TABLE).split("."))
        self._server = parts._replace(query="", fragment="").geturl()
        self._parameters = query
        self._url = url.partition("#")[0]
        self._key = unquote(parts.fragment) or key
        self._credentials = credentials
        self._tries = tries
        self._lease = lease
        self.name = f"{self._url}#{self._key}"

    def beside(self, suffix: str) -> "PostgresShelf":
        """Another row of the same table."""
        return PostgresShelf(
            self._url,
            key=f"{self._key}/{suffix}",
            credentials=self._credentials,
            tries=self._tries,
            lease=self._lease,
        )

    def read(self) -> Found:
        """What is there; see `Shelf`."""

        def ask() -> Found:
            with self._table_at_hand() as table:
                return table.read()[0]

        return self._tries.reading(self.name, ask)

    @contextmanager
    def hold(self, owner: Owner) -> Iterator["_HeldRow"]:
        """Lock the row; see `Shelf`."""
        lease = new_lease(owner, self._lease)
        held = _HeldRow(self.name, lease, self._open)
        self._tries.reading(self.name, held.begin)
        heart = Heartbeat(held.renew, lease=self._lease)
        heart.begin()
        try:
            yield held
        finally:
            heart.end()
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
                table.ask(_RENEW, lease=None, id=lease.id)
                return lease

        return self._tries.reading(self.name, ask)

    @contextmanager
    def _table_at_hand(self) -> Iterator["_Table"]:
        table = self._open()
        try:
            yield table
        finally:
            table.close()

    def _open(self) -> "_Table":
        return _Table(self.name, self._connect(), self._table, self._key)

    def _connect(self) -> "psycopg.Connection[Any]":
        try:
            import psycopg
        except ModuleNotFoundError:
            raise StateUnreachable(
                self.name, "psycopg isn't installed", ("pip install 'reconciler[postgres]'",)
            ) from None
        given = self._credentials()
        account: dict[str, Any] = {"user": told(given.username), "password": told(given.password)}
        seconds = max(2, int(self._tries.seconds))
        try:
            return psycopg.connect(
                self._server,
                autocommit=True,
                prepare_threshold=None,  # poolers don't keep prepared statements
                **{
                    "application_name": "reconciler",
                    "connect_timeout": str(min(10, seconds)),
                    "keepalives_idle": "15",
                    "keepalives_interval": "5",
                    "keepalives_count": "3",
                    "tcp_user_timeout": str(seconds * 1000),
                    **self._parameters,
                    **{name: value for name, value in account.items() if value is not None},
                },
            )
        except psycopg.OperationalError as error:
            why = _why(error)
            if re.search(r"authentication|password|does not exist|no pg_hba|permission", why):
                raise StateUnreachable(
                    self.name,
                    why,
                    ("look at `spec.state.url`, `spec.state.credentials` and `PGPASSWORD`",),
                ) from None
            raise Trouble(why, sent=False) from None
        except psycopg.Error as error:
            raise StateUnreachable(self.name, _why(error)) from None


class _Table:
    """One connection, and the row on it."""

    def __init__(
        self, name: str, connection: "psycopg.Connection[Any]", table: tuple[str, ...], key: str
    ) -> None:
        self._name = name
        self._connection = connection
        self._path = table
        self._key = key
        self._lock_key = "/".join(("reconciler", *table, key))
        # A server that lost its client notices in about a minute, not in hours.
        for setting, value in (
            ("tcp_keepalives_idle", "30"),
            ("tcp_keepalives_interval", "10"),
            ("tcp_keepalives_count", "3"),
            ("statement_timeout", "30s"),
        ):
            self.ask(
                "SELECT set_config(%(setting)s, %(value)s, false)", setting=setting, value=value
            )

    def ask(self, query: str, **values: Any) -> "psycopg.Cursor[Any]":
        """Run one statement. Raises Trouble when the connection broke, StateUnwritable else."""
        import psycopg

        try:
            return self._connection.execute(
                self._text(query), {"key": self._key, "lock": self._lock_key, **values}
            )
        except psycopg.errors.UndefinedTable:
            raise
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise Trouble(_why(error), sent=True) from None
        except psycopg.Error as error:
            raise StateUnwritable(self._name, _why(error), ()) from None

    def read(self) -> tuple[Found, Lease | None]:
        """The row's text, and its lease."""
        import psycopg

        try:
            row = self.ask(_READ).fetchone()
        except psycopg.errors.UndefinedTable:
            row = None
        if row is None:
            return Found(text=None, version="0"), None
        text, serial, quiet, lease = row
        if text is not None and len(text) > LIMIT:
            raise StateUnreadable(self._name, f"it is larger than {LIMIT} bytes")
        return (
            Found(text=text, version=str(serial), quiet=max(0.0, quiet), highest=serial),
            None if lease is None else parse_lease(lease),
        )

    def lock(self) -> bool:
        """Take the advisory lock, if it is free."""
        row = self.ask(_TRY_LOCK).fetchone()
        return bool(row and row[0])

    def create(self) -> None:
        """Make the table and the row when they aren't there."""
        import psycopg

        try:
            self.ask(_BEGIN)
        except psycopg.errors.UndefinedTable:
            try:
                self._connection.execute(self._text(_CREATE))
            except psycopg.errors.UniqueViolation:
                pass  # two made it at once, and the other was first
            except psycopg.Error as error:
                raise StateUnwritable(self._name, _why(error), ()) from None
            self.ask(_BEGIN)

    def holders(self) -> list[int]:
        """The server's processes that have the lock."""
        return [row[0] for row in self.ask(_HOLDERS).fetchall()]

    def close(self) -> None:
        """Close the connection, and so free the lock."""
        self._connection.close()

    def _text(self, query: str) -> "Composed":
        from psycopg.sql import SQL, Identifier

        return SQL(query).format(table=Identifier(*self._path))


class _HeldRow:
    """The row while its lock is ours; see `Held`."""

    def __init__(self, name: str, lease: Lease, open_: Callable[[], _Table]) -> None:
        self.inherited: Lease | None = None
        self._name = name
        self._lease = lease
        self._open = open_
        self._table: _Table | None = None
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
            table.ask(_LEASE, lease=json.dumps(lease_json(self._lease)))
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
        with self._lock:
            for _ in range(_RESUMES):
                try:
                    if self._alive().ask(_WRITE, id=self._lease.id, **content).rowcount == 1:
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

    def renew(self) -> None:
        """Give a sign of life."""
        with self._lock:
            lease = self._lease.at(datetime.now(UTC))
            try:
                done = (
                    self._alive()
                    .ask(_RENEW, lease=json.dumps(lease_json(lease)), id=lease.id)
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
                self._table.ask(_RENEW, lease=None, id=self._lease.id)
            except (Trouble, StateUnwritable):
                pass  # the lock goes with the connection, and the lease is one of the dead
            finally:
                self._table.close()
                self._table = None

    def _alive(self) -> _Table:
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


def _why(error: Exception) -> str:
    """The server's or libpq's words, in a line; they hold no password."""
    return " ".join(str(error).split())[:300] or type(error).__name__
