"""Objects in a bucket through obstore: read, and written if they are still as they were."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from reconciler.state.failures import StateUnreachable, StateUnreadable
from reconciler.state.shelf import LIMIT, Credentials, told
from reconciler.state.stores.tries import Tries, Trouble

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "s3": {"region": "region", "endpoint": "endpoint"},
    "gs": {"endpoint": "base_url"},
    "az": {"account": "account_name", "endpoint": "endpoint"},
}
"""What a URL's query may say, and obstore's names for it."""
_ACCOUNT: Mapping[str, tuple[str, str]] = {
    "s3": ("access_key_id", "secret_access_key"),
    "gs": ("", "service_account_key"),
    "az": ("account_name", "account_key"),
}
"""obstore's names for `username` and `password`."""
_PLAIN = re.compile(r"[\x21-\x7e]+\Z")
_NO_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|bucket does not exist", re.IGNORECASE)
_LOOPBACK = re.compile(r"http://(localhost|127\.[0-9.]+|\[::1\])[:/]?")


class Clash(Exception):
    """The object isn't the one that the write was for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object as it was read or written.

    `version` is obstore's, for the condition of the next write; `modified` is by the store's clock,
    None for one that was only written.
    """

    text: str = field(repr=False)
    version: Mapping[str, str]
    modified: datetime | None = None


class Bucket:
    """Reads and conditional writes, asked again where that may help."""

    def __init__(self, name: str, client: "ObjectStore", tries: Tries) -> None:
        self._name = name
        self._client = client
        self._tries = tries

    def reading(self, key: str) -> StoredObject | None:
        """The object; None when there is none. Raises StateUnreachable, StateUnreadable."""
        return self._tries.reading(self._name, lambda: self._read(key))

    def writing(self, key: str, text: str, former: StoredObject | None) -> StoredObject:
        """Put `text` where `former` is, or where nothing is. Raises Clash, StateUnwritable."""

        def seen() -> StoredObject | None:
            found = self._read(key)
            return found if found is not None and found.text == text else None

        def send() -> StoredObject:
            try:
                version = self._put(key, text, former)
            except Clash:
                done = seen()  # an earlier try whose answer was lost
                if done is None:
                    raise
                return done
            return StoredObject(text=text, version=version)

        return self._tries.writing(self._name, send, seen)

    def _read(self, key: str) -> StoredObject | None:
        with self._in_words(sent=False):
            try:
                answer = self._client.get(key)
            except FileNotFoundError as error:
                if _NO_BUCKET.search(str(error)):
                    raise
                return None
            meta = answer.meta
            if meta["size"] > LIMIT:
                raise StateUnreadable(self._name, f"it is larger than {LIMIT} bytes")
            content = bytes(answer.bytes())
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            raise StateUnreadable(self._name, "it is not UTF-8") from None
        return StoredObject(text=text, version=_version(meta), modified=meta["last_modified"])

    def _put(self, key: str, text: str, former: StoredObject | None) -> dict[str, str]:
        mode: Any = "create" if former is None else dict(former.version)
        with self._in_words(sent=True):
            return _version(self._client.put(key, text.encode(), mode=mode))

    @contextmanager
    def _in_words(self, *, sent: bool) -> Iterator[None]:
        from obstore import exceptions

        try:
            yield
        except (exceptions.AlreadyExistsError, exceptions.PreconditionError):
            raise Clash from None
        except FileNotFoundError as error:
            raise StateUnreachable(self._name, _why(error)) from None
        except (PermissionError, exceptions.UnauthenticatedError, exceptions.PermissionDeniedError):
            raise StateUnreachable(
                self._name,
                "the store refuses the credentials",
                ("look at `spec.state.credentials`, and that the account may get, put and list",),
            ) from None
        except (exceptions.BaseError, OSError) as error:
            raise Trouble(_why(error), sent=sent) from None


def _version(meta: Mapping[str, Any]) -> dict[str, str]:
    """Google goes by the version, the others by the e-tag."""
    return {name: meta[name] for name in ("e_tag", "version") if meta.get(name) is not None}


def client(name: str, url: str, given: Credentials, *, seconds: float = 30.0) -> "ObjectStore":
    """obstore's client of a bucket; one exchange may take `seconds`. Raises StateUnreachable."""
    try:
        from obstore import exceptions
        from obstore.store import AzureStore, GCSStore, S3Store
    except ModuleNotFoundError:
        raise StateUnreachable(
            name, "obstore isn't installed", ("pip install 'reconciler[objects]'",)
        ) from None
    parts = urlsplit(url)
    config: Any = {
        _PARAMETERS[parts.scheme][key]: value
        for key, value in parse_qsl(parts.query)
        if key in _PARAMETERS[parts.scheme]
    }
    user, secret = _ACCOUNT[parts.scheme]
    account = {user: told(given.username), secret: told(given.password)}
    config |= {key: value for key, value in account.items() if key and value is not None}
    if parts.scheme != "gs" and not all(_PLAIN.match(v) for v in account.values() if v):
        raise StateUnreachable(
            name,
            "its credentials have characters that none has",
            ("look for a line break, a space or quotes around the stored value",),
        )
    options: Any = {
        "timeout": timedelta(seconds=seconds),
        "connect_timeout": timedelta(seconds=min(10.0, seconds)),
        "allow_http": any(_LOOPBACK.match(value) for _, value in parse_qsl(parts.query)),
    }
    # Tried again here, where what happened is looked at before.
    retry: Any = {"max_retries": 0}
    try:
        match parts.scheme:
            case "s3":
                return S3Store(
                    parts.netloc, config=config, client_options=options, retry_config=retry
                )
            case "gs":
                return GCSStore(
                    parts.netloc, config=config, client_options=options, retry_config=retry
                )
            case _:
                return AzureStore(
                    parts.netloc, config=config, client_options=options, retry_config=retry
                )
    except (exceptions.BaseError, ValueError) as error:
        raise StateUnreachable(name, _why(error)) from None


def _why(error: Exception) -> str:
    """The first line, without what stands after a `?`: a signed address is a credential."""
    line = str(error).strip().partition("\n")[0]
    return re.sub(r"\?\S*", "", line)[:300] or type(error).__name__
