"""References to secrets: where a value is kept, never the value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag
from pydantic.alias_generators import to_camel


class Strict(BaseModel):
    """Base of every manifest model: unknown keys are errors, values don't change, camelCase."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, regex_engine="rust-regex"
    )


class EnvReference(Strict):
    """A secret in an environment variable of the process that runs the tool."""

    env: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
            max_length=255,
            description="Name of the environment variable that holds the secret.",
            examples=["GITHUB_MCP_TOKEN"],
        ),
    ]


class FileReference(Strict):
    """A secret in a file, such as a mounted Kubernetes secret; a final line break is dropped."""

    file: Annotated[
        str,
        Field(
            min_length=1,
            max_length=4096,
            description="Path of a file that holds nothing but the secret; relative to where "
            "the tool runs.",
            examples=["/run/secrets/github-token"],
        ),
    ]


class VaultReference(Strict):
    """A secret in a Vault or OpenBao KV store, version 1 or 2."""

    vault: Annotated[
        str,
        Field(
            pattern=r"^[^\s/#][^\s#]*/[^\s#]*[^\s/#]#[^\s#]+$",
            max_length=1024,
            description="`mount/path#key`: the KV mount, the path in it (without `data/`), "
            "and the key inside the secret.",
            examples=["secret/mcp/github#client_secret"],
        ),
    ]


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


SCHEMES = ("env", "file", "vault")
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
_Env = Annotated[EnvReference, Tag("env")]
_File = Annotated[FileReference, Tag("file")]
_Vault = Annotated[VaultReference, Tag("vault")]

SecretReference = Annotated[_Env | _File | _Vault, _by_key]
HeaderValue = Annotated[_Env | _File | _Vault | Annotated[LiteralValue, Tag("literal")], _by_key]
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
    | _Env
    | _File
    | _Vault,
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
