"""The operating system's keyring, when there is one: the only module that knows the library."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_SERVICE = "reconciler"
# Backends that keep nothing, or keep it in a plain file that others may read.
_NOT_A_KEYRING = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt.file")


class KeyringTrouble(Exception):
    """The keyring doesn't do what it was asked: locked, refused, or gone."""


class OsKeyring:
    """A keyring that works; entries go by the name of their session."""

    def __init__(self, backend: "KeyringBackend") -> None:
        self._backend = backend

    def get(self, name: str) -> str | None:
        """What is kept under a name. Raises KeyringTrouble."""
        from keyring.errors import KeyringError

        try:
            return self._backend.get_password(_SERVICE, name)
        except (KeyringError, OSError) as error:
            raise KeyringTrouble(type(error).__name__) from None

    def set(self, name: str, text: str) -> None:
        """Keep a text under a name. Raises KeyringTrouble."""
        from keyring.errors import KeyringError

        try:
            self._backend.set_password(_SERVICE, name, text)
        except (KeyringError, OSError) as error:
            raise KeyringTrouble(type(error).__name__) from None

    def delete(self, name: str) -> None:
        """Keep nothing under a name; nothing there is fine. Raises KeyringTrouble."""
        from keyring.errors import KeyringError

        try:
            if self._backend.get_password(_SERVICE, name) is not None:
                self._backend.delete_password(_SERVICE, name)
        except (KeyringError, OSError) as error:
            raise KeyringTrouble(type(error).__name__) from None


def open_keyring(environ: Mapping[str, str]) -> OsKeyring | None:
    """The keyring; None when the library isn't installed or finds none that keeps secrets.

    `PYTHON_KEYRING_BACKEND`, which the library itself heeds, chooses one or switches it off.
    """
    if environ.get("PYTHON_KEYRING_BACKEND", "").startswith(_NOT_A_KEYRING):
        return None
    try:
        import keyring
    except ImportError:
        return None
    backend = keyring.get_keyring()
    if type(backend).__module__.startswith(_NOT_A_KEYRING) or backend.priority <= 0:
        return None
    return OsKeyring(backend)
