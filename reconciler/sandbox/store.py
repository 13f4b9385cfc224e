"""The SQLite database: one connection, typed rows, transactions, fresh ids."""

import json
import secrets
import sqlite3
import string
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from reconciler.sandbox.records import Record, Server
from reconciler.sandbox.sealing import Seal, SealError, key_path, load_seal

SCHEMA_VERSION = 3
_UNSEALED = 2
"""The version that kept tokens and headers of servers in clear."""
_MARK = "sandbox"
_ALPHABET = string.ascii_letters + string.digits

Value = str | int | float | None
R = TypeVar("R", bound=Record)


class Store:
    """Every read and write of the sandbox goes through here.

    Handlers run one after the other on one event loop and never wait inside a transaction, so
    one connection is enough and each handler sees its own writes only.

    Args:
        path: the data file; None keeps the data in memory.

    Raises:
        DataFileError: the file is not a sandbox of this version.
    """

    def __init__(self, path: Path | None) -> None:
        if path is not None and not path.exists():
            path.touch(mode=0o600)  # it holds tokens
        self._db = sqlite3.connect(":memory:" if path is None else path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._last_ms = 0
        try:
            self.seal = self._prepare(path)
        except BaseException:
            self._db.close()
            raise

    def _prepare(self, path: Path | None) -> Seal:
        try:
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise DataFileError(f"{path} is not a sandbox data file: {error}") from error
        if version not in (0, _UNSEALED, SCHEMA_VERSION):
            raise DataFileError(f"{path} was written by another version of the sandbox")
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA secure_delete = ON")  # what was replaced may be a secret
        if version != 0:
            seal = self._known_seal(path)
            if version == _UNSEALED:
                self._seal_servers(seal)
            return seal
        if self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise DataFileError(f"{path} is a database, but not one of the sandbox")
        schema = files("reconciler.sandbox").joinpath("schema.sql").read_text(encoding="utf-8")
        try:
            seal = load_seal(path, is_new=True)
        except SealError as error:
            raise DataFileError(str(error)) from error
        self._db.executescript(f"BEGIN;{schema}")
        self.insert("seal_mark", mark=seal.close(_MARK, _MARK))
        self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        self._db.execute("COMMIT")
        return seal

    def _known_seal(self, path: Path | None) -> Seal:
        """The seal that older data was written with."""
        assert path is not None
        try:
            seal = load_seal(path, is_new=False)
        except SealError as error:
            raise DataFileError(str(error)) from error
        try:
            seal.open(self.text("SELECT mark FROM seal_mark") or "", _MARK)
        except SealError as error:
            raise DataFileError(
                f"{path} was not written with the key in {key_path(path)}"
            ) from error
        return seal

    def _seal_servers(self, seal: Seal) -> None:
        """Encrypt what the version before kept in clear, and leave nothing of it in the file."""
        with self.transaction():
            for row in self._db.execute("SELECT * FROM server").fetchall():
                closed = {
                    name: seal.close(row[name], f"{row['sid']}/{name}")
                    for name in Server.sealed
                    if row[name] is not None
                }
                if closed:
                    self.update("server", row["id"], **closed)
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        self._db.execute("VACUUM")

    def closed(self, sid: str, column: str, text: str | None) -> str | None:
        """What goes into a column that is sealed, of the row with this `sid`."""
        return None if text is None else self.seal.close(text, f"{sid}/{column}")

    @property
    def is_new(self) -> bool:
        """Whether nothing was planted yet; a seed that fails leaves it so."""
        return not self.exists("SELECT 1 FROM workspace")

    def close(self) -> None:
        """Release the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; nested use joins the outer one."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def write(self, sql: str, *values: Value) -> int:
        """Run one statement; the number of rows it touched."""
        return self._db.execute(sql, values).rowcount

    def insert(self, table: str, **columns: Value) -> int:
        """Insert one row; its id.

        Raises:
            sqlite3.IntegrityError: a unique index refuses it.
        """
        names = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        cursor = self._db.execute(
            " ".join(("INSERT INTO", table, "(", names, ") VALUES (", marks, ")")),
            tuple(columns.values()),
        )
        return cursor.lastrowid or 0

    def update(self, table: str, row_id: int, **columns: Value) -> None:
        """Change columns of the row with this id."""
        assignments = ", ".join(f"{name} = ?" for name in columns)
        self._db.execute(
            " ".join(("UPDATE", table, "SET", assignments, "WHERE id = ?")),
            (*columns.values(), row_id),
        )

    def rows(self, shape: type[R], sql: str, *values: Value) -> list[R]:
        """The rows of a query, as records."""
        return [self._read(shape, row) for row in self._db.execute(sql, values)]

    def row(self, shape: type[R], sql: str, *values: Value) -> R | None:
        """The first row of a query, as a record."""
        found = self._db.execute(sql, values).fetchone()
        return None if found is None else self._read(shape, found)

    def values(self, sql: str, *values: Value) -> list[tuple[Any, ...]]:
        """The rows of a query, as tuples."""
        return [tuple(row) for row in self._db.execute(sql, values)]

    def text(self, sql: str, *values: Value) -> str | None:
        """The first column of the first row, a text; None when there is none or it is NULL."""
        found = self._first(sql, values)
        return None if found is None else str(found)

    def number(self, sql: str, *values: Value) -> int | None:
        """The first column of the first row, a whole number; None when there is no row."""
        found = self._first(sql, values)
        assert found is None or isinstance(found, int)
        return found

    def exists(self, sql: str, *values: Value) -> bool:
        """Whether the query has a row."""
        return self._first(sql, values) is not None

    def _read(self, shape: type[R], row: sqlite3.Row) -> R:
        found: dict[str, Any] = {
            name: bool(row[name]) if flag else row[name] for name, flag in _columns(shape)
        }
        for name in shape.sealed:
            if found[name] is not None:
                found[name] = self.seal.open(found[name], f"{row['sid']}/{name}")
        return shape(**found)

    def _first(self, sql: str, values: tuple[Value, ...]) -> object:
        found = self._db.execute(sql, values).fetchone()
        return None if found is None else found[0]

    def now(self) -> int:
        """Milliseconds since the epoch, never the same twice, so that they order and page."""
        self._last_ms = max(self._last_ms + 1, time.time_ns() // 1_000_000)
        return self._last_ms


class DataFileError(Exception):
    """The data file can't be used."""


def new_sid(prefix: str) -> str:
    """A fresh opaque id, such as `vlt_Ab3…`."""
    return f"{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(12))}"


def dump(value: Mapping[str, Any] | Sequence[Any] | None) -> str | None:
    """A JSON column's text; None stays NULL."""
    return None if value is None else json.dumps(value, ensure_ascii=False)


_COLUMNS: dict[type[Record], tuple[tuple[str, bool], ...]] = {}


def _columns(shape: type[Record]) -> tuple[tuple[str, bool], ...]:
    """The columns a record takes, and which of them are booleans."""
    if shape not in _COLUMNS:
        _COLUMNS[shape] = tuple((field.name, field.type is bool) for field in fields(shape))
    return _COLUMNS[shape]
