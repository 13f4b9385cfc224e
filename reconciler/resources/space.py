"""The kind `Space`: who may see which tools."""

from typing import Annotated, Literal

from pydantic import Field

from reconciler.resources.envelope import Lifecycle, Metadata
from reconciler.resources.fields import ApiVersion, EmailAddress, SpaceTitle
from reconciler.resources.policies import FieldPolicy, KindDefinition
from reconciler.resources.strict import Strict
from reconciler.resources.values import Spec

COMPANY = "company"
"""In `spaces:` of a server, the whole workspace; so no Space may have this name."""


GroupName = Annotated[
    str, Field(min_length=1, max_length=256, description="A group's name: 1 to 256 characters.")
]
Ignorable = Annotated[
    str,
    Field(
        pattern=r"^(displayName|access|members|groups)$",
        description="A field of `spec`: `displayName`, `access`, `members` or `groups`.",
        examples=["members"],
    ),
]


class SpaceSpec(Strict):
    """What a space should be. A field that is left out is not managed."""

    display_name: Annotated[
        SpaceTitle | None,
        Field(default=None, description="The name people see. Default: `metadata.name`."),
    ] = None
    access: Annotated[
        Literal["open", "restricted"] | None,
        Field(
            default=None,
            description="`open` to the whole workspace, or `restricted` to members and groups. "
            "A new space is restricted unless this says otherwise.",
        ),
    ] = None
    members: Annotated[
        tuple[EmailAddress, ...] | None,
        Field(default=None, description="E-mail addresses of the members; `[]` means none."),
    ] = None
    groups: Annotated[
        tuple[GroupName, ...] | None,
        Field(
            default=None,
            description="Names of provisioned or manual groups whose people are members; `[]` "
            "means none.",
        ),
    ] = None


class SpaceLifecycle(Lifecycle):
    """How careful the tool is with the space."""

    ignore_changes: Annotated[
        tuple[Ignorable, ...],
        Field(default=(), description="Fields to set once, and then leave to the workspace."),
    ] = ()


class SpaceManifest(Strict):
    """A space of the workspace."""

    api_version: ApiVersion
    kind: Literal["Space"]
    metadata: Metadata
    lifecycle: SpaceLifecycle = SpaceLifecycle()
    spec: SpaceSpec


def _defaults(name: str, spec: Spec) -> Spec:
    return spec if "displayName" in spec else {"displayName": name, **spec}


SPACE = KindDefinition(
    name="Space",
    spec_model=SpaceSpec,
    manifest_model=SpaceManifest,
    identity=("displayName",),
    folds_names=True,
    unique_names=True,
    defaults=_defaults,
    fields={
        ("displayName",): FieldPolicy(),
        ("access",): FieldPolicy(),
        ("members",): FieldPolicy(unordered=True, casefold=True),
        ("groups",): FieldPolicy(unordered=True),
    },
)
