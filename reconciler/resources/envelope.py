"""What every manifest has around its spec: metadata and lifecycle."""

from typing import Annotated

from pydantic import Field, StrictBool

from reconciler.resources.fields import ResourceName
from reconciler.resources.strict import Strict


class Metadata(Strict):
    """Who the resource is."""

    name: Annotated[
        ResourceName,
        Field(
            description="The name in the address `Kind/name`, for life: lower-case letters, "
            "digits, `.`, `_` and `-`, at most 63 characters."
        ),
    ]
    previously: Annotated[
        tuple[ResourceName, ...],
        Field(
            default=(),
            description="Names that this resource had before: renames it in state instead of "
            "deleting and creating it.",
        ),
    ] = ()


class Lifecycle(Strict):
    """How careful the tool is with the resource."""

    protect: Annotated[
        StrictBool,
        Field(
            default=False,
            description="Refuse to delete or replace the resource, even after its manifest is "
            "gone.",
        ),
    ] = False
