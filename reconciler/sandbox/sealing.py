"""Encrypts the secrets in the database: what OAuth leaves there, servers' tokens and headers.

AES-256-GCM; the key is not in the data file but in a file of its own beside it, or nowhere when
the data is in memory. What is sealed for one place of the database doesn't open in another.
"""

import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12


class SealError(Exception):
    """Something sealed can't be opened, or the key can't be had."""


class Seal:
    """Seals and opens texts with one key.

    Args:
        key: 32 random bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, text: str, place: str) -> str:
        """Encrypt a text for one place, such as `con_x/access_token`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, text.encode(), place.encode())
        return urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, place: str) -> str:
        """Decrypt what was sealed for this place.

        Raises:
            SealError: it was sealed with another key or for another place, or was changed.
        """
        try:
            raw = urlsafe_b64decode(sealed)
            text = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise SealError(f"{place} can't be decrypted with this key") from error
        return text.decode()


def key_path(data: Path) -> Path:
    """Where the key of a data file is kept."""
    return data.with_name(f"{data.name}.key")


def load_seal(data: Path | None, *, is_new: bool) -> Seal:
    """The seal of a data file; a new one gets a new key, readable by its owner only.

    Args:
        data: the data file; None: a key that only this process knows.
        is_new: whether the data file was empty so far.

    Raises:
        SealError: the key of older data is gone, or no key.
    """
    if data is None:
        return Seal(secrets.token_bytes(KEY_BYTES))
    path = key_path(data)
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        if not is_new:
            raise SealError(
                f"{path} is missing, without which the tokens in {data} can't be read:"
                " put it back, or start over with a new data file"
            ) from None
        return Seal(_new_key(path))
    if len(key) != KEY_BYTES:
        raise SealError(f"{path} is not a key of the sandbox: expected {KEY_BYTES} bytes")
    return Seal(key)


def _new_key(path: Path) -> bytes:
    key = secrets.token_bytes(KEY_BYTES)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(key)
    return key
