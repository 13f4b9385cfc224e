"""A row of PostgreSQL over one connection: the statements, and what can go wrong with each."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.state.failures import StateUnreachable, StateUnreadable, StateUnwritable
from reconciler.state.lease import Lease, parse_lease
from reconciler.state.shelf import LIMIT, Found, told
from reconciler.state.stores.tries import Opening, Trouble

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
_LEASE = "SELECT lease->>'id' FROM {table} WHERE key = %(key)s"
_BEGIN = "INSERT INTO {table} (key) VALUES (%(key)s) ON CONFLICT DO NOTHING"
SET_LEASE = "UPDATE {table} SET lease = %(lease)s WHERE key = %(key)s"
RENEW = SET_LEASE + " AND lease->>'id' = %(id)s"
WRITE = """
UPDATE {table} SET text = %(text)s, serial = %(serial)s, updated_at = clock_timestamp()
WHERE key = %(key)s AND serial = %(expected)s AND lease->>'id' = %(id)s"""
_HELP: Sequence[tuple[re.Pattern[str], tuple[str, ...]]] = (
    (
        re.compile("authentication method requirement"),
        (
            "in the server: `password_encryption = scram-sha-256`, and set the password anew",
            "where another way is right, say so in `spec.state.url`: `?require_auth=md5`",
        ),
    ),
    (
        re.compile("server does not support SSL"),
        (
            "off this machine TLS is insisted on: turn it on in the server",
            "where the way there is safe without, say so in `spec.state.url`: `?sslmode=disable`",
        ),
    ),
    (
        re.compile("authentication|password|does not exist|no pg_hba|permission"),
        ("look at `spec.state.url`, `spec.state.credentials` and `PGPASSWORD`",),
    ),
)
"""What the server or libpq says that another try doesn't clear, and what to do about it."""
_REQUIRE_AUTH_SINCE = 160000
_LOOPBACK = re.compile(r"(localhost|127\.[0-9.]+|::1)\Z|[/@]", re.IGNORECASE)
_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%(lock)s, 0))"
# The two halves of the key are how PostgreSQL shows an advisory lock of one 64-bit number.
_HOLDERS = """
SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND ((classid::bigint << 32) | objid::bigint) = hashtextextended(%(lock)s, 0)"""


def connected(
    server: str, parameters: Mapping[str, str], opening: Opening, *, name: str
) -> "psycopg.Connection[Any]":
    """A connection; `name` is how messages call its use. Raises StateUnreachable, Trouble."""
    try:
        import psycopg
    except ModuleNotFoundError:
        raise StateUnreachable(
            name, "psycopg isn't installed", ("pip install 'reconciler[postgres]'",)
        ) from None
    given = opening.credentials()
    account = {"user": told(given.username), "password": told(given.password)}
    seconds = max(2, int(opening.tries.seconds))
    if psycopg.pq.version() < _REQUIRE_AUTH_SINCE:
        raise StateUnreachable(
            name,
            "this libpq is too old to insist on how a password is sent",
            ("pip install 'reconciler[postgres]' has one that can: 16 or later",),
        )
    try:
        safety = secured(server, {**parameters, **account}, os.environ)
        return psycopg.connect(
            server,
            autocommit=True,
            prepare_threshold=None,  # poolers don't keep prepared statements
            **{
                "application_name": "reconciler",
                "connect_timeout": str(min(10, seconds)),
                "keepalives_idle": "15",
                "keepalives_interval": "5",
                "keepalives_count": "3",
                "tcp_user_timeout": str(seconds * 1000),
                **safety,
                **parameters,
                **{key: value for key, value in account.items() if value is not None},
            },  # type: ignore[arg-type]
        )
    except psycopg.OperationalError as error:
        why = _why(error)
        help_ = next((words for pattern, words in _HELP if pattern.search(why)), None)
        if help_ is not None:
            raise StateUnreachable(name, why, help_) from None
        raise Trouble(why, sent=False) from None
    except psycopg.Error as error:
        raise StateUnreachable(name, _why(error)) from None


def secured(
    server: str, given: Mapping[str, str | None], environ: Mapping[str, str]
) -> dict[str, str]:
    """What to insist on where neither URL nor environment says otherwise.

    By itself libpq sends a password in the open to whoever answers and asks for it, and does
    without TLS where the server says that it has none. A password goes by SCRAM-SHA-256 alone,
    in which the server has to show that it knows it; who has none to send may be let in by other
    means (a certificate, Kerberos, the operating system), and sends none that turns up. Off this
    machine there is TLS. (PostgreSQL's manual, "Database Connection Control Functions".)
    """
    from psycopg.conninfo import conninfo_to_dict

    said = {**conninfo_to_dict(server), **{k: v for k, v in given.items() if v is not None}}

    def has(name: str, variable: str) -> bool:
        return bool(said.get(name) or environ.get(variable))

    insisted = {}
    service = has("service", "PGSERVICE")  # a file of the user's, which may say any of this
    if not has("require_auth", "PGREQUIREAUTH"):
        password = has("password", "PGPASSWORD")
        insisted["require_auth"] = "scram-sha-256" if password else "!password,!md5"
    if not (service or has("sslmode", "PGSSLMODE")):
        where = (
            said.get("hostaddr")
            or environ.get("PGHOSTADDR")
            or said.get("host")
            or environ.get("PGHOST")
            or ""
        )
        if not all(not host or _LOOPBACK.match(host) for host in str(where).split(",")):
            insisted["sslmode"] = "require"
    return insisted


class Table:
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

    def lease_id(self) -> str | None:
        """Whose lease is in the row, which must be there; the text may be long, and isn't read."""
        row = self.ask(_LEASE).fetchone()
        return None if row is None else row[0]

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


def _why(error: Exception) -> str:
    """The server's or libpq's words, in a line; they hold no password."""
    return " ".join(str(error).split())[:300] or type(error).__name__
