"""Fingerprints of secrets: enough to see that one was rotated, too little to find it.

Two formats, both with a random salt of 16 bytes, so that equal secrets don't look equal:

- `scrypt:14:8:1:<salt>:<hash>`: scrypt (RFC 7914) with its log2 n, r and p;
- `hmac-sha256:<salt>:<mac>`: HMAC-SHA-256 (RFC 2104) under a key that is kept elsewhere.
"""

import hashlib
import hmac
import os
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from threading import Lock

from reconciler.resources import SecretRef
from reconciler.secrets.once import Once
from reconciler.secrets.secret import Secret

SALT_BYTES = 16
DIGEST_BYTES = 32
MIN_KEY_BYTES = 16
_LOG_N, _R, _P = 14, 8, 1
# State can be tampered with. These bounds keep one comparison under 64 MiB and a second, and
# refuse what would be cheaper to guess than what we write.
_MAX_LOG_N, _MAX_P = 16, 4
_PURPOSE = b"reconciler secret fingerprint\0"
_BASE64 = r"([A-Za-z0-9+/]{22}==)", r"([A-Za-z0-9+/]{43}=)"
_SCRYPT = re.compile(rf"scrypt:([0-9]{{1,2}}):([0-9]{{1,2}}):([0-9]{{1,2}}):{':'.join(_BASE64)}")
_HMAC = re.compile(rf"hmac-sha256:{':'.join(_BASE64)}")


def fingerprint(secret: Secret, *, salt: bytes | None = None, key: bytes | None = None) -> str:
    """A new fingerprint of `secret`: keyed when there is a `key`, scrypt otherwise.

    Parameters: `salt` is 16 random bytes, drawn when None. Raises ValueError for a salt of
    another length, or a key of less than 16 bytes.
    """
    salt = os.urandom(SALT_BYTES) if salt is None else salt
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    if key is None:
        parameters = _Scrypt(log_n=_LOG_N, r=_R, p=_P)
        return f"{parameters}:{_text(salt)}:{_text(parameters.hash(secret, salt))}"
    return f"hmac-sha256:{_text(salt)}:{_text(_mac(secret, salt, key))}"


def matches(text: str, secret: Secret, *, key: bytes | None = None) -> bool:
    """Whether `text` is a fingerprint of `secret`, compared in constant time.

    A scrypt fingerprint is compared without the `key`, so that state written before a key was
    configured stays readable. Raises ValueError when `text` is no fingerprint, when it asks for
    parameters out of bounds, or when it is keyed and there is no `key`.
    """
    if found := _SCRYPT.fullmatch(text):
        log_n, r, p, salt, expected = found.groups()
        parameters = _Scrypt(log_n=int(log_n), r=int(r), p=int(p))
        actual = parameters.hash(secret, b64decode(salt))
    elif found := _HMAC.fullmatch(text):
        salt, expected = found.groups()
        if key is None:
            raise ValueError("the fingerprint is keyed, and no key is configured")
        actual = _mac(secret, b64decode(salt), key)
    else:
        raise ValueError("not a fingerprint of a secret")
    return hmac.compare_digest(actual, b64decode(expected))


def is_keyed(text: str) -> bool:
    """Whether a fingerprint can only be compared with the key that it was made by."""
    return _HMAC.fullmatch(text) is not None


class Fingerprinter:
    """Fingerprints for one run, each computed once however many resources share the secret.

    Parameters: `key` as in `fingerprint`. Safe to share between threads. What it remembers goes
    by the reference and the very `Secret` that the run's resolver gave for it.
    """

    def __init__(self, *, key: bytes | None = None) -> None:
        if key is not None:
            _must_be_key(key)
        self._key = None if key is None else bytes(key)
        self._lock = Lock()
        # The secrets are kept, since an id is only unique among living objects.
        self._seen: dict[int, Secret] = {}
        self._written: Once[tuple[SecretRef, int], str] = Once()
        self._matched: Once[tuple[str, SecretRef, int], bool] = Once()

    def __repr__(self) -> str:
        return "Fingerprinter(keyed)" if self._key else "Fingerprinter()"

    def of(self, reference: SecretRef, secret: Secret) -> str:
        """The fingerprint to write into state: one per reference and run."""
        place = (reference, self._identity(secret))
        return self._written.get(place, lambda: fingerprint(secret, key=self._key))

    def matches(self, text: str, reference: SecretRef, secret: Secret) -> bool:
        """As `matches`, computed once per text and reference. Raises ValueError as it does."""
        place = (text, reference, self._identity(secret))
        return self._matched.get(place, lambda: matches(text, secret, key=self._key))

    def _identity(self, secret: Secret) -> int:
        with self._lock:
            self._seen[id(secret)] = secret
        return id(secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scrypt:
    """Cost parameters within bounds; prints as the head of a fingerprint."""

    log_n: int
    r: int
    p: int

    def __post_init__(self) -> None:
        if not (_LOG_N <= self.log_n <= _MAX_LOG_N and self.r == _R and 1 <= self.p <= _MAX_P):
            raise ValueError("the fingerprint asks for scrypt parameters out of bounds")

    def __str__(self) -> str:
        return f"scrypt:{self.log_n}:{self.r}:{self.p}"

    def hash(self, secret: Secret, salt: bytes) -> bytes:
        """The hash; needs 128 * n * r bytes of memory, and OpenSSL is allowed twice that."""
        return hashlib.scrypt(
            _bytes(secret),
            salt=salt,
            n=1 << self.log_n,
            r=self.r,
            p=self.p,
            maxmem=256 * (1 << self.log_n) * self.r,
            dklen=DIGEST_BYTES,
        )


def _mac(secret: Secret, salt: bytes, key: bytes) -> bytes:
    _must_be_key(key)
    return hmac.digest(key, _PURPOSE + salt + _bytes(secret), "sha256")


def _must_be_key(key: bytes) -> None:
    if len(key) < MIN_KEY_BYTES:
        raise ValueError(f"a fingerprint key has at least {MIN_KEY_BYTES} bytes")


def _bytes(secret: Secret) -> bytes:
    # An encoding error would carry the value, so there must not be one.
    return secret.reveal().encode("utf-8", "surrogatepass")


def _text(content: bytes) -> str:
    return b64encode(content).decode("ascii")
