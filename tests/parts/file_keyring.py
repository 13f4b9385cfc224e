"""A keyring backend for child processes: a JSON file named by `TEST_KEYRING`.

It stands for the operating system's keyring, which a test machine hasn't got; `TEST_KEYRING_LOCKED`
makes it refuse, as a locked one does.
"""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.compat import properties
from keyring.errors import KeyringLocked, PasswordDeleteError


class FileKeyring(KeyringBackend):
    """Entries by service and name."""

    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805 - the library's way
        """As good as any."""
        return 5

    def get_password(self, service: str, username: str) -> str | None:
        """The entry."""
        return self._entries().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep an entry."""
        self._write(self._entries() | {f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        """Drop an entry."""
        entries = self._entries()
        if entries.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError("not found")
        self._write(entries)

    def _entries(self) -> dict[str, str]:
        if "TEST_KEYRING_LOCKED" in os.environ:
            raise KeyringLocked("locked")
        path = Path(os.environ["TEST_KEYRING"])
        found: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        return found

    def _write(self, entries: dict[str, str]) -> None:
        Path(os.environ["TEST_KEYRING"]).write_text(json.dumps(entries))
