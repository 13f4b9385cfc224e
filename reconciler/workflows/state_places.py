"""Which store the manifests choose for the state, with its credentials and keys."""

from collections.abc import Callable, Mapping
from pathlib import Path

from reconciler.diagnostics import Code, Diagnostic, Diagnostics
from reconciler.manifests import state_url_problem
from reconciler.resources import WORKSPACE_KIND, Address, Desired, Locator, SecretRef
from reconciler.resources import Path as FieldPath
from reconciler.secrets import Secret
from reconciler.state import (
    Credentials,
    FileShelf,
    FileStore,
    Keys,
    Opening,
    SealedRecord,
    SharedStore,
    Shelf,
    StateSealed,
    Store,
    Tries,
    Witness,
    check_key,
    is_sealed,
    journal_of,
    raw_json,
    shelf_at,
    unseal,
    user_folder,
)
from reconciler.workflows.failures import Exit, Stop

Resolve = Callable[[Mapping[SecretRef, tuple[Address, FieldPath]]], dict[SecretRef, Secret]]
_STATE = "state"
_ENCRYPTION = (_STATE, "encryption")


class StatePlaces:
    """Opens the stores of one workspace's state; nothing is read or sent before they are used.

    `resolve` gives secrets, and raises Stop with a located message for one that it can't;
    `tries` says how often a store is asked again, `environ` is the environment.
    """

    def __init__(
        self,
        desired: Desired,
        locator: Locator,
        *,
        resolve: Resolve,
        tries: Tries,
        environ: Mapping[str, str],
    ) -> None:
        self._desired = desired
        self._locator = locator
        self._resolve = resolve
        self._tries = tries
        self._environ = environ
        self._spec = desired.workspace.spec
        self._address = Address(WORKSPACE_KIND, desired.workspace.name)

    def declared(self) -> Store:
        """The store that the manifest declares."""
        state = self._spec.state
        if state is None or (state.url is None and state.encryption is None):
            return self._file(self._path())
        return self._shared(self._declared_shelf(), self._keys)

    def record(
        self,
        what: str,
        *,
        key: tuple[Mapping[str, str], FieldPath] | None = None,
        former: str | None = None,
    ) -> SealedRecord:
        """An encrypted text of that name beside the state.

        Parameters: `key` is the reference to its key and where the Workspace says it; the state's
        keys without it. `former` is a URL or a path where the state was before. Raises Stop when a
        key can't be had, or none is declared.
        """
        keys = self._keys() if key is None else Keys(current=self._key(*key))
        if keys is None or keys.current is None:
            raise Stop(
                Exit.FAILED,
                f"the {what} beside the state can only be kept encrypted",
                help=("give `encryption: {key: …}` under `spec.state` of the Workspace",),
            )
        return SealedRecord(
            shelf=self.shelf_beside(what) if former is None else self._former(former).beside(what),
            what=what,
            provider=self._spec.provider,
            workspace_id=self._spec.workspace_id,
            keys=keys,
            witness=self._witness(),
        )

    def shelf_beside(self, what: str) -> Shelf:
        """Where a text of that name is, beside the state."""
        return self._declared_shelf().beside(what)

    def former(self, place: str) -> Store:
        """The store at a URL or a path where the state was before; it may be encrypted or not.

        Its credentials are those that the store's own library finds in the environment. Raises
        Stop, StateError.
        """
        scheme, separator, rest = place.partition("://")
        if separator:
            place = f"{scheme.lower()}://{rest}"
            problem = state_url_problem(place)
            if problem is not None:
                where = ("put it where the store's own tools find it, such as PGPASSWORD",)
                help_ = where if problem.secret else problem.help
                raise Stop(Exit.USAGE, f"that place {problem.message}", help=help_)
            return self._shared(self._former(place), self._any_keys)
        path = Path(place)
        found = path.resolve()
        if not (found.exists() or journal_of(found).exists()):
            raise Stop(Exit.FAILED, f"there is no state in {place}")
        store = self._file(path)
        try:
            store.load(sealed=False)
        except StateSealed:
            return self._shared(FileShelf(path), self._any_keys)
        return store

    def opened(self, text: str, *, name: str) -> str:
        """The text of the file `name`, decrypted if it is encrypted.

        Raises Stop when a key can't be had, StateSealed when none fits, StateUnreadable,
        StateMoved.
        """
        if not is_sealed(raw_json(text, name=name)):
            return text
        return unseal(text, self._keys() or Keys(), name=name)[0]

    def _former(self, place: str) -> Shelf:
        """The shelf at a URL or a path where the state was before."""
        if "://" not in place:
            return FileShelf(Path(place))
        return self._shelf(place, lambda: self._from_environment(place))

    def _declared_shelf(self) -> Shelf:
        state = self._spec.state
        if state is None or state.url is None:
            return FileShelf(self._path())
        url = state.url
        return self._shelf(url, lambda: self._credentials(url))

    def _path(self) -> Path:
        state = self._spec.state
        named = (state and state.path) or f".reconciler/{self._desired.workspace.name}.json"
        return Path(self._desired.workspace.root) / named

    def _file(self, path: Path) -> Store:
        return FileStore(path, provider=self._spec.provider, workspace_id=self._spec.workspace_id)

    def _shared(self, shelf: Shelf, keys: Callable[[], Keys | None]) -> Store:
        return SharedStore(
            shelf,
            provider=self._spec.provider,
            workspace_id=self._spec.workspace_id,
            keys=keys,
            witness=self._witness(),
        )

    def _witness(self) -> Witness:
        return Witness(folder=user_folder(self._environ) / "seen")

    def _shelf(self, url: str, credentials: Callable[[], Credentials]) -> Shelf:
        return shelf_at(
            url,
            key=f"{self._spec.provider}/{self._spec.workspace_id}",
            opening=Opening(credentials=credentials, tries=self._tries),
        )

    def _credentials(self, url: str) -> Credentials:
        given = None if self._spec.state is None else self._spec.state.credentials
        if given is None:
            return self._from_environment(url)
        at = (_STATE, "credentials")
        password = given.password
        username: str | Secret | None
        if given.username is None or isinstance(given.username, str):
            username = given.username
        else:
            username = self._secret(given.username.model_dump(), (*at, "username"))
        return Credentials(
            username=username,
            password=None
            if password is None
            else self._secret(password.model_dump(), (*at, "password")),
        )

    def _from_environment(self, url: str) -> Credentials:
        """A state server has no library with customs of its own; Terraform's are its."""
        if not url.startswith("http"):
            return Credentials()
        password = self._environ.get("TF_HTTP_PASSWORD")
        return Credentials(
            username=self._environ.get("TF_HTTP_USERNAME"),
            password=None if password is None else Secret(password),
        )

    def _keys(self) -> Keys | None:
        given = None if self._spec.state is None else self._spec.state.encryption
        if given is None:
            return None
        key, previous = given.key, given.previous_key
        return Keys(
            current=None if key is None else self._key(key.model_dump(), (*_ENCRYPTION, "key")),
            others=()
            if previous is None
            else (self._key(previous.model_dump(), (*_ENCRYPTION, "previousKey")),),
        )

    def _any_keys(self) -> Keys | None:
        """Every key to open with, and none to insist on."""
        keys = self._keys()
        return None if keys is None else Keys(others=tuple(keys.all))

    def _key(self, model: Mapping[str, str], at: FieldPath) -> Secret:
        key = self._secret(model, at)
        try:
            check_key(key)
        except ValueError as error:
            fault = Diagnostic(
                code=Code.SECRET_MALFORMED,
                message="the key that encrypts the state is too short"
                if at[0] == _STATE
                else "the key that encrypts the session is too short",
                span=self._locator.span(self._address, at),
                notes=(str(error),),
                help=("make a random one, such as `openssl rand -base64 32`",),
                address=str(self._address),
            )
            raise Stop(
                Exit.FAILED,
                f"the {'state' if at[0] == _STATE else 'session'} can't be opened; "
                "nothing was written",
                diagnostics=Diagnostics.of([fault]),
            ) from None
        return key

    def _secret(self, model: Mapping[str, str], at: FieldPath) -> Secret:
        reference = SecretRef.from_json(model)
        assert reference is not None, "the model has a reference"
        return self._resolve({reference: (self._address, at)})[reference]
