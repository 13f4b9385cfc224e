"""Field types that several kinds share, with the constraints that models and schemas both use."""

import re
from typing import Annotated, Literal

from pydantic import Field

API_VERSION = "reconciler/v1"

ApiVersion = Annotated[
    Literal["reconciler/v1"], Field(description="The version of the manifest format.")
]

_NAME_PATTERN = r"^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$"

ResourceName = Annotated[
    str,
    Field(
        pattern=_NAME_PATTERN,
        description="Lower-case letters, digits, `.`, `_` and `-`, at most 63 characters.",
        examples=["github"],
    ),
]


def is_resource_name(text: str) -> bool:
    """Whether `text` may be a `metadata.name`."""
    return re.match(_NAME_PATTERN, text) is not None and not text.endswith("\n")


# No control characters, no white space at either end: the platform trims names, and a name that
# it trims would differ from the manifest for ever.
_TEXT_PATTERN = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"

_WORDS = "characters, no line breaks, no white space at either end."

SpaceTitle = Annotated[
    str,
    Field(
        min_length=1,
        max_length=256,
        pattern=_TEXT_PATTERN,
        description=f"Text of 1 to 256 {_WORDS}",
    ),
]
ServerTitle = Annotated[
    str,
    Field(
        min_length=1,
        max_length=255,
        pattern=_TEXT_PATTERN,
        description=f"Text of 1 to 255 {_WORDS}",
    ),
]
ServerText = ServerTitle

# https anywhere, plain http on this machine only; no user:password@, no fragment.
URL_PATTERN = (
    r"^(https://([^\s/?#@:\[\]\\]+|\[[0-9A-Fa-f:.]+\])"
    r"|http://(localhost|127(\.[0-9]{1,3}){3}|\[::1\]))"
    r"(:[0-9]{1,5})?([/?][^\s#]*)?$"
)

WebUrl = Annotated[
    str,
    Field(
        pattern=URL_PATTERN,
        max_length=2048,
        description="An https URL (plain http only for this machine), without credentials "
        "and without a fragment.",
        examples=["https://mcp.example.com/mcp"],
    ),
]

STATE_SCHEMES = ("postgresql", "postgres", "s3", "gs", "az", "https", "http")

# No password, no query for a database's password: see `state_url_problem` for the words.
_STATE_URL_PATTERN = (
    r"^(postgres(ql)?://([^\s/?#@:]+@)?[^\s@]*"
    r"|(s3|gs|az)://[^\s/?#@:]+(/[^\s?#]*)?(\?[^\s#]*)?"
    r"|https://([^\s/?#@:\[\]\\]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[^\s#]*)?(#lock-methods)?"
    r"|http://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?(/[^\s#]*)?(#lock-methods)?)$"
)

StateUrl = Annotated[
    str,
    Field(
        pattern=_STATE_URL_PATTERN,
        max_length=2048,
        description="`postgresql://user@host/database?table=…#key`, `s3://bucket/key`, "
        "`gs://bucket/key`, `az://container/key`, or the https address of a state server "
        "(GitLab, Gitea, any that speaks Terraform's HTTP protocol); without a password.",
        examples=["s3://acme-state/reconciler/acme.json?region=eu-west-1"],
    ),
]

EmailAddress = Annotated[
    str,
    Field(
        pattern=r"^[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+$",
        max_length=320,
        description="An e-mail address.",
        examples=["ana@acme.example"],
    ),
]

Stake = Literal["high", "medium", "low", "never_ask"]
