"""What manifests declare, whatever else is wrong with them: for a shell that completes a word."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reconciler.manifests.desired import root_of
from reconciler.manifests.files import find, read_all
from reconciler.manifests.manifest import Manifest
from reconciler.manifests.reading import read_documents
from reconciler.resources import WORKSPACE_KIND, Address

_MOST_FILES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class StatePlace:
    """The file in which a Workspace manifest says that its state is, and whose it is."""

    path: Path
    provider: str
    workspace_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The addresses of resources in the order of the files, the Workspaces' names and states."""

    addresses: tuple[Address, ...]
    workspaces: tuple[str, ...]
    states: tuple[StatePlace, ...]


def declared(paths: Iterable[Path], *, workspace: str | None = None) -> Declared:
    """What the manifests in `paths` declare; nothing is checked, faults are left out.

    Parameters: `workspace` chooses the state of one Workspace.
    """
    manifests = [
        Manifest(name, document.index, document.value)
        for name, data in read_all(find(paths).files[:_MOST_FILES], [])
        for document in read_documents(name, data).documents
    ]
    homes = [each for each in manifests if each.kind == WORKSPACE_KIND and each.address]
    return Declared(
        addresses=tuple(
            each.address for each in manifests if each.kind != WORKSPACE_KIND and each.address
        ),
        workspaces=tuple(each.address.name for each in homes if each.address),
        states=tuple(
            place
            for each in homes
            if each.address and workspace in (None, each.address.name)
            if (place := _state(each, each.address.name)) is not None
        ),
    )


def _state(manifest: Manifest, name: str) -> StatePlace | None:
    """Its state; None for one that is kept elsewhere or encrypted."""
    if manifest.get("spec", "state", "url") or manifest.get("spec", "state", "encryption"):
        return None
    path = manifest.get("spec", "state", "path") or f".reconciler/{name}.json"
    return StatePlace(
        path=Path(root_of(manifest)) / str(path),
        provider=str(manifest.get("spec", "provider")),
        workspace_id=str(manifest.get("spec", "workspaceId")),
    )
