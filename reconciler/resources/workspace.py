"""The kind `Workspace`: where the resources live and how to get in. Read, never applied."""

from typing import Annotated, Literal, Self

from pydantic import Field, StrictFloat, StrictInt, model_validator

from reconciler.resources.envelope import Metadata
from reconciler.resources.fields import ApiVersion, WebUrl
from reconciler.resources.gates import Transition
from reconciler.resources.references import SecretReference
from reconciler.resources.rules import MOST_RULES, PolicyRule
from reconciler.resources.strict import Strict


class WorkspaceCredentials(Strict):
    """How the tool signs in to the platform."""

    access_token: Annotated[
        SecretReference | None,
        Field(
            default=None,
            description="Where the access token of a workspace administrator is kept (CI). "
            "Without it, the sign-in of `reconciler login` is used. An API key (`sk-…`) can't "
            "manage MCP servers.",
        ),
    ] = None


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
    fingerprint_key: Annotated[
        SecretReference | None,
        Field(
            default=None,
            description="Where a key of 16 bytes or more is kept, by which the fingerprints of "
            "secrets in the state are made (HMAC-SHA-256). Without it, they are made by scrypt.",
        ),
    ] = None


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
