"""Seed files: what a new sandbox starts with. The shape is in the docstring of the package."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from reconciler.sandbox.catalogue import RemotePreset
from reconciler.sandbox.records import Role, Stake


class SeedError(Exception):
    """The seed file can't be used."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True)


def _bearer(token: str) -> str:
    if not token or token.startswith("sk-") or not set(token) <= _TOKEN_CHARACTERS:
        raise ValueError("a token is made of letters, digits and -._~+/ and doesn't start with sk-")
    return token


_TOKEN_CHARACTERS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=")
Token = Annotated[str, AfterValidator(_bearer)]


class SeedMember(_Part):
    """A person of a workspace; the token counts in every workspace of the same e-mail."""

    email: str
    name: str = ""
    role: Role = Role.USER
    token: Token | None = None


class SeedGroup(_Part):
    """A group; provisioned ones come from a directory."""

    name: str
    kind: Literal["provisioned", "regular_manual"] = "provisioned"
    members: list[str] = Field(default_factory=list)


class SeedSpace(_Part):
    """A regular space or a project."""

    name: str
    kind: Literal["regular", "project"] = "regular"
    restricted: bool = True
    members: list[str] = Field(default_factory=list)
    groups: list[str] = Field(default_factory=list)


class SeedTool(_Part):
    """A tool of a pre-made server, with its settings when it has any."""

    name: str
    description: str = ""
    input_schema: dict[str, Any] = Field(default_factory=lambda: {"type": "object"})
    stake: Stake | None = None
    enabled: bool = True


class SeedServer(_Part):
    """A remote server that is there already; it is not contacted."""

    url: str
    name: str = "mcp"
    description: str | None = None
    icon: str = "ActionCommand1Icon"
    bearer: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    view_name: str | None = None
    view_description: str | None = None
    spaces: list[str] = Field(default_factory=list)
    tools: list[SeedTool] = Field(default_factory=list)


class SeedUsage(_Part):
    """Who uses the servers with this URL."""

    url: str
    agents: list[dict[str, Any]] = Field(default_factory=list)
    skills: list[dict[str, Any]] = Field(default_factory=list)


class SeedConsent(_Part):
    """A finalized OAuth connection, as if a person had gone through the flow."""

    id: Annotated[str, Field(pattern=r"^con_[A-Za-z0-9]+$")]
    user: str
    provider: Literal["mcp", "mcp_static"] = "mcp"
    access_token: str
    scope: str | None = None
    finalized: bool = True


class SeedKey(_Part):
    """An API key."""

    key: Annotated[str, Field(pattern=r"^sk-[A-Za-z0-9._~+/-]+$")]
    name: str
    role: Role = Role.BUILDER


class SeedLegacy(_Part):
    """Switches that make a workspace behave like an older deployment."""

    no_batch_tools: bool = False
    older_members_body: bool = False
    unbound_finalize: bool = False


class SeedWorkspace(_Part):
    """A workspace."""

    s_id: Annotated[str | None, Field(alias="sId", pattern=r"^[A-Za-z0-9_-]+$")] = None
    name: str
    region: Literal["us-central1", "europe-west1"] = "us-central1"
    sso_enforced: bool = False
    can_use_product: bool = True
    max_spaces: int | None = None
    legacy: SeedLegacy = SeedLegacy()
    members: list[SeedMember] = Field(min_length=1)
    groups: list[SeedGroup] = Field(default_factory=list)
    spaces: list[SeedSpace] = Field(default_factory=list)
    servers: list[SeedServer] = Field(default_factory=list)
    internal_servers: list[str] = Field(default_factory=list)
    consents: list[SeedConsent] = Field(default_factory=list)
    usage: list[SeedUsage] = Field(default_factory=list)
    keys: list[SeedKey] = Field(default_factory=list)


class SeedToken(_Part):
    """One more token: an expired one, or one of nobody (`user` null)."""

    token: Token
    user: str | None = None
    expired: bool = False


class Seed(_Part):
    """A whole seed file."""

    workspaces: list[SeedWorkspace] = Field(min_length=1)
    tokens: list[SeedToken] = Field(default_factory=list)
    catalogue: list[RemotePreset] = Field(default_factory=list)


def read_seed(path: Path | None) -> Seed:
    """The seed in a file, or the built-in one.

    Raises:
        SeedError: the file can't be read or doesn't fit; the message names the fields.
    """
    if path is None:
        return _default_seed()
    try:
        return Seed.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SeedError(f"can't read the seed file {path}: {error.strerror}") from error
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        lines = [
            f"  {'.'.join(str(step) for step in fault['loc']) or '(file)'}: {fault['msg']}"
            for fault in faults
        ]
        raise SeedError("\n".join([f"the seed file {path} doesn't fit:", *lines])) from error


def _default_seed() -> Seed:
    people = [
        ("ana@acme.example", "Ana Diaz", Role.ADMIN),
        ("ben@acme.example", "Ben Okafor", Role.BUILDER),
        ("uma@acme.example", "Uma Rao", Role.USER),
        ("carl@acme.example", "Carl Lindgren", Role.USER),
        ("dora@acme.example", "Dora Petrova", Role.BUILDER),
        ("eve@acme.example", "Eve Martin", Role.USER),
    ]
    finance = SeedGroup(name="Finance team", members=["carl@acme.example", "eve@acme.example"])
    platform = SeedGroup(name="Platform team", members=["ben@acme.example", "dora@acme.example"])
    return Seed(
        workspaces=[
            SeedWorkspace(
                name="Acme",
                members=[
                    SeedMember(email=mail, name=name, role=role) for mail, name, role in people
                ],
                groups=[finance, platform],
                internalServers=["jira"],
            )
        ]
    )
