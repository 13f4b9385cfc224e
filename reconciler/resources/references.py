"""References to secrets: where a value is kept, never the value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from reconciler.resources.secret_places import (
    AwsReference,
    AzureReference,
    EnvReference,
    FileReference,
    GcpReference,
    OpReference,
    PluginReference,
    SopsReference,
    VaultReference,
)
from reconciler.resources.strict import Strict


class LiteralValue(Strict):
    """A value that is no secret, written in the open."""

    literal: Annotated[
        str,
        Field(
            min_length=1,
            max_length=4096,
            pattern=r"^[^\x00-\x1f\x7f]+$",
            description="The value itself. Never a secret: it is committed, planned and printed.",
        ),
    ]


SCHEMES = ("env", "file", "vault", "aws", "gcp", "azure", "op", "sops", "plugin")
_TAGS = frozenset((*SCHEMES, "literal"))


def _tag(value: Any) -> str | None:
    """Which member of a union `value` means to be: its only key, or `text`."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, Mapping) and len(value) == 1:
        (key,) = value
        return key if key in _TAGS else None
    return next(iter(type(value).model_fields)) if isinstance(value, Strict) else None


# One member is tried, the one whose key is there, so that a fault is told once and exactly.
_by_key = Discriminator(
    _tag,
    custom_error_type="reference",
    custom_error_message="expected a reference",
)
_Place = (
    Annotated[EnvReference, Tag("env")]
    | Annotated[FileReference, Tag("file")]
    | Annotated[VaultReference, Tag("vault")]
    | Annotated[AwsReference, Tag("aws")]
    | Annotated[GcpReference, Tag("gcp")]
    | Annotated[AzureReference, Tag("azure")]
    | Annotated[OpReference, Tag("op")]
    | Annotated[SopsReference, Tag("sops")]
    | Annotated[PluginReference, Tag("plugin")]
)

SecretReference = Annotated[_Place, _by_key]
HeaderValue = Annotated[_Place | Annotated[LiteralValue, Tag("literal")], _by_key]
ClientId = Annotated[
    Annotated[
        str,
        Field(
            min_length=1,
            max_length=1024,
            pattern=r"^[^\x00-\x20\x7f]+$",
            description="Text of at most 1,024 characters without white space.",
        ),
        Tag("text"),
    ]
    | _Place,
    _by_key,
]


@dataclass(frozen=True, slots=True, order=True)
class SecretRef:
    """A reference as the tool passes it around; prints as `env:NAME`, holds no value."""

    scheme: str
    locator: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.locator}"

    def to_json(self) -> dict[str, str]:
        """The shape in manifests, plans and state: `{"env": "NAME"}`."""
        return {self.scheme: self.locator}

    @classmethod
    def from_json(cls, value: Any) -> "SecretRef | None":
        """The reference that `value` is, or None when it is something else."""
        if isinstance(value, Mapping) and len(value) == 1:
            ((scheme, locator),) = value.items()
            if scheme in SCHEMES and isinstance(locator, str):
                return cls(scheme, locator)
        return None
