"""What `export`, `adopt`, `forget` and `state` print as JSON."""

from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.planning import ChangeDocument
from reconciler.workflows.document_parts import Part


class ObjectDocument(Part):
    """A live object and the address of its manifest."""

    address: str
    remote_id: str
    title: str


class NearDocument(Part):
    """A manifest without an object, and remote ids of objects that come near."""

    address: str
    near: list[str]


class AdoptionDocument(Part):
    """What `adopt --output json` prints."""

    format: Literal["reconciler.adoption/v1"]
    adopted: list[ObjectDocument]
    owned_before: list[str]
    unmatched: list[NearDocument]
    without_fingerprint: list[tuple[str, list[str]]]
    plan_is_empty: bool
    changes: list[ChangeDocument]


class LeftOutDocument(Part):
    """A live object that no manifest can describe."""

    kind: str
    remote_id: str
    title: str
    why: str


class ExportDocument(Part):
    """What `export --output json` prints."""

    format: Literal["reconciler.export/v1"]
    files: list[str]
    resources: list[ObjectDocument]
    secrets: list[str]
    left_out: list[LeftOutDocument]
    built_in: list[str]
    managed_already: int


class OwnedPart(Part):
    """What is remembered of one owned resource."""

    address: str
    remote_id: str
    protect: bool
    leftovers: list[str]
    applied: dict[str, Any]
    fingerprinted: list[list[str]]


class RememberedDocument(OwnedPart):
    """What `state show --output json` prints."""

    format: Literal["reconciler.remembered/v1"]


class WaitingPart(Part):
    """A sign-in that a person was asked for (since when, ISO 8601 in UTC)."""

    address: str
    who: str
    since: str


class OwnedDocument(Part):
    """What `state list --output json` prints; `unfinished` was being made when a run ended."""

    format: Literal["reconciler.owned/v1"]
    workspace_id: str
    lineage: str
    serial: int
    resources: list[OwnedPart]
    waiting: list[WaitingPart]
    unfinished: list[str]


class MoveDocument(Part):
    """An object that goes by another address."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    remote_id: str


class CarriedDocument(Part):
    """What `state push --output json` and `state migrate --output json` print.

    `written` is false when the state was there already.
    """

    format: Literal["reconciler.carried/v1"]
    source: str
    target: str
    written: bool
    lineage: str
    serial: int
    resources: int


class ForgottenDocument(Part):
    """An address that owns nothing any more, and the objects that stay."""

    address: str
    remote_ids: list[str]


class OwnershipDocument(Part):
    """What `state mv --output json` and `forget --output json` print."""

    format: Literal["reconciler.ownership/v1"]
    moved: list[MoveDocument]
    forgotten: list[ForgottenDocument]
