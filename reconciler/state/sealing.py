"""Encryption of what lies in a store: AES-256-GCM, bound to workspace, lineage and serial.

What tells one text from another stays in the open and is authenticated with the rest, so that
nobody can pass off the text of another workspace, or of an earlier serial, as this one.
"""

import base64
import json
import os
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from reconciler.resources import digest_of, read_json
from reconciler.state.failures import StateSealed, StateUnreadable
from reconciler.state.shelf import Concealed

FORMAT = "reconciler.sealed/v1"
MIN_KEY_BYTES = 32
_NONCE, _SALT = 12, 32
_INFO = b"reconciler sealed text v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a sealed text says of itself in the open.

    `what` tells a state from other texts that are kept beside it.
    """

    what: str
    provider: str
    workspace_id: str
    lineage: str
    serial: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The key that texts are sealed with, and those that they may be opened with as well.

    Without `current` texts are opened, but not sealed any more.
    """

    current: Concealed | None = None
    others: tuple[Concealed, ...] = ()

    @property
    def all(self) -> tuple[Concealed, ...]:
        """Every key, in the order in which they are tried."""
        return self.others if self.current is None else (self.current, *self.others)


class _Open(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)


class _Workspace(_Open):
    provider: str
    id: str


class SealedDocument(_Open):
    """A text as it lies in a store, sealed (`schemas/sealed.schema.json`)."""

    format: Literal["reconciler.sealed/v1"]
    what: str
    workspace: _Workspace
    lineage: str
    serial: Annotated[int, Field(ge=0)]
    salt: Annotated[str, Field(description="Base64; the key is HKDF-SHA-256 of it and yours.")]
    nonce: Annotated[str, Field(description="Base64, 12 bytes, random.")]
    text: Annotated[str, Field(description="Base64: AES-256-GCM; its data are the other fields.")]


def is_sealed(raw: Any) -> bool:
    """Whether JSON is a sealed text."""
    return isinstance(raw, dict) and raw.get("format") == FORMAT


def seal(text: str, label: Label, key: Concealed) -> str:
    """`text` under `key`, as JSON. Raises ValueError when the key is too short."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    document = {
        "format": FORMAT,
        "what": label.what,
        "workspace": {"provider": label.provider, "id": label.workspace_id},
        "lineage": label.lineage,
        "serial": label.serial,
        "salt": _text(salt),
        "nonce": _text(nonce),
    }
    cipher = AESGCM(_derived(key, salt))
    document["text"] = _text(cipher.encrypt(nonce, text.encode(), _bound(document)))
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def unseal(text: str, keys: Keys, *, name: str) -> tuple[str, Label]:
    """What was sealed, and its label; `name` is how messages call it.

    Raises StateSealed when no key fits, StateUnreadable when it is no sealed text.
    """
    try:
        document = SealedDocument.model_validate(read_json(text))
        salt, nonce = _bytes(document.salt), _bytes(document.nonce)
        content = _bytes(document.text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StateUnreadable(name, f"`{where}`: {first['msg']}") from None
    except ValueError as error:
        raise StateUnreadable(name, str(error)) from None
    bound = _bound(document.model_dump(by_alias=True, exclude={"text"}))
    for key in keys.all:
        plain = _opened(content, nonce, bound, _derived(key, salt))
        if plain is not None:
            return plain, _label(document)
    if not keys.all:
        help_ = "give `encryption: {key: …}` under `spec.state` of the Workspace"
        raise StateSealed(name, "the manifests name no key", (help_,))
    raise StateSealed(
        name,
        "no key that the manifests name opens it, unless somebody altered it",
        (
            "after a change of the key, give the former one as `encryption.previousKey`",
            "if it was altered, restore it from a backup",
        ),
    )


def label_of(text: str) -> Label | None:
    """What a sealed text says of itself, which nobody vouches for; None for any other text."""
    try:
        return _label(SealedDocument.model_validate(read_json(text)))
    except ValueError:  # a ValidationError is one
        return None


def check_key(key: Concealed) -> None:
    """Raise ValueError when a key has fewer than 32 bytes."""
    _material(key)


def _label(document: SealedDocument) -> Label:
    return Label(
        what=document.what,
        provider=document.workspace.provider,
        workspace_id=document.workspace.id,
        lineage=document.lineage,
        serial=document.serial,
    )


def _opened(content: bytes, nonce: bytes, bound: bytes, derived: bytes) -> str | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(derived).decrypt(nonce, content, bound).decode("utf-8")
    except (InvalidTag, ValueError):  # a nonce of another length is a ValueError
        return None


def _derived(key: Concealed, salt: bytes) -> bytes:
    """A key of its own for each text: random nonces of one key would meet after 2^32 writes."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=_INFO).derive(_material(key))


def _material(key: Concealed) -> bytes:
    content = key.reveal().encode("utf-8", "surrogatepass")
    if len(content) < MIN_KEY_BYTES:
        raise ValueError(f"it has {len(content)} bytes, and needs {MIN_KEY_BYTES} or more")
    return content


def _bound(document: Any) -> bytes:
    return digest_of(document).encode()


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
