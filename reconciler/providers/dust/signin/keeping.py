"""Where sign-ins are kept: one file each, the tokens in it or in the operating system's keyring.

The files lie in the user's state folder (XDG Base Directory: `$XDG_STATE_HOME`, else
`~/.local/state`), are made with the permissions 0600 from the start, and are replaced in one step.
"""

import hashlib
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from reconciler.providers.dust.signin.endings import AGAIN
from reconciler.providers.dust.signin.folder import sessions_folder
from reconciler.providers.dust.signin.os_keyring import KeyringTrouble, OsKeyring, open_keyring
from reconciler.providers.dust.signin.record import (
    Kept,
    SignIn,
    Tokens,
    read_record,
    read_tokens,
    record_text,
    tokens_text,
)
from reconciler.providers.failures import Forbidden, ProviderError
from reconciler.state import StateUnwritable, write_atomically

_PRIVATE = 0o600
_LIMIT = 1024 * 1024
_PATIENCE = 90.0  # seconds to wait for another process that renews the same session


class SessionStore:
    """All sign-ins of one person on this machine.

    Parameters: `folder` is where the files are; `keyring` opens the keyring (asked only when one
    is needed); `say` takes a line for the user.
    """

    def __init__(
        self,
        folder: Path,
        *,
        keyring: Callable[[], OsKeyring | None],
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._folder = folder
        self._open_keyring = keyring
        self._say = say

    @classmethod
    def of(cls, environ: Mapping[str, str], say: Callable[[str], None]) -> "SessionStore":
        """The store of whoever runs the tool."""
        return cls(sessions_folder(environ), keyring=lambda: open_keyring(environ), say=say)

    @cached_property
    def _keyring(self) -> OsKeyring | None:
        return self._open_keyring()

    def place(self, record: SignIn) -> str:
        """Where a sign-in's tokens are, for people."""
        if record.kept is Kept.KEYRING:
            return "the keyring of the operating system"
        return str(self._path(record.url, record.email))

    def all(self) -> list[SignIn]:
        """Every sign-in that can be read, by address and e-mail address; others are said."""
        found: list[SignIn] = []
        for path in self._files():
            try:
                pair = self._load(path)
            except Forbidden as error:
                self._say(error.message)
                continue
            if pair is not None:
                found.append(pair[0])
        return sorted(found, key=lambda record: (record.url, record.email))

    def forget_damaged(self) -> list[Path]:
        """Remove the files that can't be read. Raises ProviderError."""
        gone: list[Path] = []
        for path in self._files():
            try:
                self._load(path)
            except Forbidden:
                self._remove(path)
                gone.append(path)
        return gone

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.json")) if self._folder.is_dir() else []

    def find(self, url: str, workspace_id: str) -> SignIn | None:
        """The sign-in for a workspace at an address; never one for another address."""
        here = [record for record in self.all() if record.url == url]
        members = [record for record in here if workspace_id in record.workspaces]
        return max(members or here, key=lambda record: record.since, default=None)

    def tokens(self, record: SignIn) -> Tokens | None:
        """The tokens as they are kept now; None when the sign-in is gone.

        Raises Forbidden when they can't be read.
        """
        pair = self._load(self._path(record.url, record.email))
        if pair is None:
            return None
        if pair[0].kept is Kept.FILE:
            return pair[1]
        text = self._in_keyring("be read", lambda ring: ring.get(_name(record.url, record.email)))
        return read_tokens(text) if text else None

    def save(self, record: SignIn, tokens: Tokens) -> SignIn:
        """Keep a new sign-in, in the keyring where there is one; how it was kept.

        Raises ProviderError when it can't be kept.
        """
        with self.locked(record):
            kept = Kept.FILE
            if self._keyring is not None:
                try:
                    self._keyring.set(_name(record.url, record.email), tokens_text(tokens))
                    kept = Kept.KEYRING
                except KeyringTrouble as error:
                    self._say(f"the keyring refuses ({error}): the sign-in is kept in a file")
            record = replace(record, kept=kept)
            self._write(record, None if kept is Kept.KEYRING else tokens)
        return record

    def replace(self, record: SignIn, tokens: Tokens) -> None:
        """Keep renewed tokens where the old ones are. Raises ProviderError."""
        if record.kept is Kept.KEYRING:
            name, text = _name(record.url, record.email), tokens_text(tokens)
            self._in_keyring("be written", lambda ring: ring.set(name, text))
        else:
            self._write(record, tokens)

    def forget(self, record: SignIn) -> None:
        """Keep nothing of a sign-in any more. Raises ProviderError."""
        path = self._path(record.url, record.email)
        with self.locked(record):
            # A keyring that is gone took its entries along.
            if record.kept is Kept.KEYRING and self._keyring is not None:
                name = _name(record.url, record.email)
                self._in_keyring("be removed", lambda ring: ring.delete(name))
            self._remove(path)

    @contextmanager
    def locked(self, record: SignIn) -> Iterator[None]:
        """Hold a sign-in against other processes, waiting for those that hold it.

        Raises ProviderError; Forbidden when another one holds it far too long.
        """
        from filelock import FileLock, Timeout

        path = self._path(record.url, record.email).with_suffix(".lock")
        held = FileLock(path, timeout=_PATIENCE, mode=_PRIVATE)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            held.acquire()
        except Timeout:
            raise Forbidden(
                f"another process has held the sign-in for {_PATIENCE:.0f} s",
                help=("end it, then try again",),
            ) from None
        except OSError as error:
            raise _unwritable(path, error) from error
        try:
            yield
        finally:
            held.release()

    @staticmethod
    def _remove(path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(path, error) from error

    def _path(self, url: str, email: str) -> Path:
        return self._folder / f"{_name(url, email)}.json"

    def _write(self, record: SignIn, tokens: Tokens | None) -> None:
        path = self._path(record.url, record.email)
        try:
            write_atomically(path, record_text(record, tokens), mode=_PRIVATE)
        except StateUnwritable as error:
            raise _unwritable(path, error.__cause__) from None

    def _in_keyring(self, verb: str, use: Callable[[OsKeyring], str | None]) -> str | None:
        try:
            if self._keyring is None:
                raise KeyringTrouble("there is none any more")
            return use(self._keyring)
        except KeyringTrouble as error:
            raise Forbidden(
                f"the sign-in in the keyring can't {verb} ({error})",
                help=("unlock the keyring, or sign in again: `reconciler login`",),
            ) from None

    def _load(self, path: Path) -> tuple[SignIn, Tokens | None] | None:
        try:
            data = self._read(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Forbidden(
                f"the sign-in in {path} can't be read: {error.strerror or type(error).__name__}",
                help=AGAIN,
            ) from None
        pair = read_record(data)
        if pair is None or self._path(pair[0].url, pair[0].email) != path:
            raise Forbidden(f"the sign-in in {path} is damaged", help=AGAIN)
        return pair

    def _read(self, path: Path) -> bytes:
        # A link could lead to, or make us repair, a file that isn't ours.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags), "rb") as file:
            if sys.platform != "win32":
                self._mend(path, file.fileno())
            return file.read(_LIMIT)

    if sys.platform != "win32":

        def _mend(self, path: Path, descriptor: int) -> None:
            found = os.fstat(descriptor)
            if found.st_uid != os.getuid():
                raise PermissionError(0, "it belongs to another user")
            if stat.S_IMODE(found.st_mode) & 0o077:
                os.fchmod(descriptor, _PRIVATE)
                self._say(
                    f"{path} could be read by others; it is private again. Sign in again if "
                    "others use this machine"
                )


def _unwritable(path: Path, cause: BaseException | None) -> ProviderError:
    why = cause.strerror if isinstance(cause, OSError) else None
    return ProviderError(
        f"the sign-in can't be kept in {path}: {why or type(cause).__name__}",
        help=("check that the folder is yours, is writable and has room",),
    )


def _name(url: str, email: str) -> str:
    """The name of a sign-in: readable, and different for every address and person."""
    digest = hashlib.sha256(f"{url}\n{email.casefold()}".encode()).hexdigest()[:16]
    host = re.sub(r"[^a-z0-9.-]", "-", (urlsplit(url).hostname or "").lower())
    return f"{host}-{digest}"
