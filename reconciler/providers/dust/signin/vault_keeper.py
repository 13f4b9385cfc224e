"""A session in a KV store of Vault, version 2: written on condition by check-and-set."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from reconciler.providers.dust.signin.keepers import KeeperTrouble, Overtaken
from reconciler.providers.dust.signin.kept_session import KeptSession, read_session, session_text
from reconciler.secrets import Secret
from reconciler.secrets.trouble import Trouble
from reconciler.secrets.vault import VaultBackend, place_of
from reconciler.secrets.vault_faults import VaultConflict, VaultOutcomeUnknown

_TRIES = 5


class VaultKeeper:
    """A key of a secret; other keys at its path stay as they are. See `Keeper`.

    Parameters: `locator` is `mount/path#key`. Raises KeeperTrouble when it is something else.
    """

    def __init__(self, backend: VaultBackend, locator: str) -> None:
        self.name = f"vault:{locator}"
        self._backend = backend
        with self._in_words():
            self._path, self._key = place_of(locator)
        self._seen: tuple[int, Mapping[str, Secret | str]] | None = None

    def read(self) -> tuple[KeptSession | None, int]:
        """The session as it is now; see `Keeper`."""
        data, version = self._latest()
        value = data.get(self._key)
        if value is None:
            return None, version
        session = read_session(value) if isinstance(value, Secret) else None
        if session is None:
            raise KeeperTrouble(
                f"what is in `{self.name}` is no session",
                help=(
                    "it isn't overwritten: name another key in `credentials.session`, or remove it",
                ),
            )
        return session, version

    def write(self, session: KeptSession, version: int) -> int:
        """Put a session there; see `Keeper`."""
        text = session_text(session)
        trouble: KeeperTrouble | None = None
        for _ in range(_TRIES):
            others = self._others(version)
            try:
                with self._in_words():
                    written = self._backend.write(self._path, {**others, self._key: text}, version)
            except Overtaken:
                # An answer that was lost on the way has the client ask again, and meet its own.
                if not self._is_there(text):
                    raise
                return self._seen_version()
            except _Unknown as error:
                if self._is_there(text):
                    return self._seen_version()
                trouble = error
                continue
            self._seen = (written, {**others, self._key: text})
            return written
        assert trouble is not None
        raise trouble

    def start(self, session: KeptSession) -> None:
        """Put a new session there; see `Keeper`."""
        for left in reversed(range(_TRIES)):
            try:
                self.write(session, self.read()[1])
            except Overtaken:
                if not left:
                    raise
            else:
                return

    def needs(self) -> tuple[str, ...]:
        """What somebody needs; see `Keeper`."""
        with self._in_words():
            path = self._backend.policy_path(self._path)
        return (
            (
                "VAULT_ADDR, and a way to sign in to Vault (VAULT_ROLE_ID and VAULT_SECRET_ID, "
                "VAULT_AUTH_ROLE, VAULT_ID_TOKEN)"
            ),
            f'a policy with: path "{path}" {{ capabilities = ["read", "update"] }}',
        )

    def _others(self, version: int) -> dict[str, Secret]:
        if self._seen is None or self._seen[0] != version:
            self._latest()
        seen, data = self._seen or (0, {})
        if seen != version:
            raise Overtaken(
                f"the session in `{self.name}` was written by another run meanwhile",
                help=("run the command again",),
            )
        others = {key: value for key, value in data.items() if isinstance(value, Secret)}
        if len(others) < len(data):
            raise KeeperTrouble(
                f"the session in `{self.name}` can't be written: other keys beside it are no text",
                help=("keep the session at a path of its own",),
            )
        return others

    def _is_there(self, text: Secret) -> bool:
        value = self._latest()[0].get(self._key)
        return isinstance(value, Secret) and value.reveal() == text.reveal()

    def _latest(self) -> tuple[Mapping[str, Secret | str], int]:
        with self._in_words():
            found, version = self._backend.latest(self._path)
        self._seen = (version, found or {})
        return found or {}, version

    def _seen_version(self) -> int:
        return self._seen[0] if self._seen else 0

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Ask Vault anew, whatever went wrong before; Trouble becomes what a `Keeper` raises."""
        self._backend.try_again()
        try:
            yield
        except Trouble as trouble:
            kind = {VaultConflict: Overtaken, VaultOutcomeUnknown: _Unknown}
            raised = kind.get(type(trouble), KeeperTrouble)
            message = f"the session in `{self.name}` {trouble.problem}"
            raise raised(message, help=trouble.advice) from None


class _Unknown(KeeperTrouble):
    """A write was sent and not answered."""
