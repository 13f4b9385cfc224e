"""The kind `Workspace`: where the resources live and how to get in. Read, never applied."""

from typing import Annotated, Literal, Self

from pydantic import Field, StrictFloat, StrictInt, model_validator

from reconciler.resources.envelope import Metadata
from reconciler.resources.fields import ApiVersion, StateUrl, WebUrl
from reconciler.resources.gates import Transition
from reconciler.resources.references import ClientId, SecretReference
from reconciler.resources.rules import MOST_RULES, PolicyRule
from reconciler.resources.secret_places import VaultPlace
from reconciler.resources.strict import Strict


class SessionPlace(Strict):
    """Where a sign-in is kept that the tool renews and writes back by itself.

    `reconciler login --store` puts it there once.
    """

    vault: Annotated[
        VaultPlace | None,
        Field(
            default=None,
            description="In a KV store of version 2 of Vault or OpenBao, `mount/path#key`; whoever "
            "runs the tool may read and update it there.",
            examples=["secret/ci/dust#session"],
        ),
    ] = None
    beside: Annotated[
        Literal["state"] | None,
        Field(default=None, description="Beside the state, wherever that is, encrypted."),
    ] = None
    key: Annotated[
        SecretReference | None,
        Field(
            default=None,
            description="With `beside`: where a key of 32 bytes or more is kept, such as of "
            "`openssl rand -base64 32`. Without it, it is the key of `state.encryption`.",
        ),
    ] = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.vault is None) == (self.beside is None):
            raise ValueError("give exactly one of `vault` and `beside`")
        if self.key is not None and self.beside is None:
            raise ValueError("`key` is for a session with `beside: state`; Vault encrypts its own")
        return self


class WorkspaceCredentials(Strict):
    """How the tool signs in to the platform: at most one of these."""

    access_token: Annotated[
        SecretReference | None,
        Field(
            default=None,
            description="Where the access token of a workspace administrator is kept. It can't be "
            "renewed. Without it and `session`, the sign-in of `reconciler login` is used. An API "
            "key (`sk-…`) can't manage MCP servers.",
        ),
    ] = None
    session: Annotated[
        SessionPlace | None,
        Field(
            default=None,
            description="Where the sign-in of a workspace administrator is kept that lasts (CI).",
        ),
    ] = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.access_token is not None and self.session is not None:
            raise ValueError("give `accessToken` or `session`, not both")
        return self


class StateCredentials(Strict):
    """How to get in to the store of the state, where its own library's customs aren't enough."""

    username: Annotated[
        ClientId | None,
        Field(
            default=None,
            description="The user, as text or where it is kept; for S3 the access key's id, for "
            "Azure the account.",
        ),
    ] = None
    password: Annotated[
        SecretReference | None,
        Field(
            default=None,
            description="Where the password or token is kept; for S3 the secret access key, for "
            "Azure the account's key, for Google the JSON of a service account's key.",
        ),
    ] = None


class StateEncryption(Strict):
    """What the state is encrypted with, where it lies (AES-256-GCM)."""

    key: Annotated[
        SecretReference | None,
        Field(
            default=None,
            description="Where a key of 32 bytes or more is kept, such as of `openssl rand -base64 "
            "32`. Without it, an encrypted state is read and written in the open again.",
        ),
    ] = None
    previous_key: Annotated[
        SecretReference | None,
        Field(
            default=None,
            description="Where the key is kept that the state was encrypted with before; the next "
            "write uses `key`.",
        ),
    ] = None

    @model_validator(mode="after")
    def _a_key(self) -> Self:
        if self.key is None and self.previous_key is None:
            raise ValueError("give `key`, `previousKey` or both")
        return self


class StateLocation(Strict):
    """Where the tool remembers what it owns."""

    path: Annotated[
        Annotated[
            str,
            Field(
                min_length=1,
                max_length=4096,
                description="A file, relative to the folder of the Workspace manifest.",
            ),
        ]
        | None,
        Field(default=None, description="Default: `.reconciler/NAME.json` in that folder."),
    ] = None
    url: Annotated[
        StateUrl | None,
        Field(default=None, description="Instead of `path`: a store that several machines share."),
    ] = None
    credentials: Annotated[
        StateCredentials | None,
        Field(default=None, description="How to get in to `url`."),
    ] = None
    encryption: Annotated[
        StateEncryption | None,
        Field(default=None, description="Without it, the state lies in the open."),
    ] = None
    fingerprint_key: Annotated[
        SecretReference | None,
        Field(
            default=None,
            description="Where a key of 16 bytes or more is kept, by which the fingerprints of "
            "secrets in the state are made (HMAC-SHA-256). Without it, they are made by scrypt.",
        ),
    ] = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.path is not None and self.url is not None:
            raise ValueError("give `path` or `url`, not both")
        if self.credentials is not None and self.url is None:
            raise ValueError("`credentials` are for a state with a `url`")
        return self


class Guards(Strict):
    """Limits that stop an apply from going too far."""

    max_deletes: Annotated[
        Annotated[StrictInt, Field(ge=0, description="A whole number, 0 or more.")] | None,
        Field(default=None, description="How many resources one apply may delete or replace."),
    ] = None
    max_delete_fraction: Annotated[
        Annotated[StrictFloat, Field(ge=0, le=1, description="A number from 0 to 1.")] | None,
        Field(
            default=None,
            description="Which part of the owned resources one apply may delete or replace.",
        ),
    ] = None
    min_admins: Annotated[
        Annotated[StrictInt, Field(ge=0, description="A whole number, 0 or more.")] | None,
        Field(
            default=None,
            description="How many administrators of the workspace a restricted space must keep "
            "among its members.",
        ),
    ] = None
    allow: Annotated[
        tuple[Transition, ...],
        Field(
            default=(),
            description="Transitions that this workspace lets through unasked, by the names of "
            "their gates.",
        ),
    ] = ()


class WorkspaceSpec(Strict):
    """Where the workspace is."""

    provider: Annotated[Literal["dust"], Field(description="The platform.")]
    workspace_id: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9_-]{1,64}$",
            description="The id in the workspace's address, after `/w/`: text of letters, digits, "
            "`_` and `-`.",
        ),
    ]
    region: Annotated[
        Literal["us", "eu"] | None, Field(default=None, description="Where Dust hosts it.")
    ] = None
    url: Annotated[
        WebUrl | None,
        Field(default=None, description="Instead of `region`: a sandbox or a proxy."),
    ] = None
    credentials: WorkspaceCredentials = WorkspaceCredentials()
    state: StateLocation | None = None
    guards: Guards = Guards()
    policy: Annotated[
        tuple[PolicyRule, ...] | None,
        Field(
            default=None,
            max_length=MOST_RULES,
            description="Rules of your organisation's own, held against every resource and every "
            f"change; at most {MOST_RULES}.",
        ),
    ] = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.region is None) == (self.url is None):
            raise ValueError("give exactly one of `region` and `url`")
        return self


class WorkspaceManifest(Strict):
    """The workspace that the other manifests describe."""

    api_version: ApiVersion
    kind: Literal["Workspace"]
    metadata: Metadata
    spec: WorkspaceSpec
