"""The desired set as a value: built from checked manifests; JSON and back for saved plans."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from reconciler.diagnostics import Severity
from reconciler.manifests.checking import check
from reconciler.manifests.manifest import Manifest
from reconciler.manifests.portable import shown
from reconciler.manifests.words import type_name
from reconciler.resources import (
    API_VERSION,
    KINDS,
    WORKSPACE_KIND,
    Desired,
    Resource,
    Workspace,
)


class InvalidDesired(ValueError):
    """A document that is not a desired set as `to_json` writes it."""


def build(workspace: Manifest, manifests: Iterable[Manifest], root: str) -> Desired:
    """The desired set of checked manifests; `root` is where the workspace's paths start."""
    resources = sorted(
        (_resource(manifest) for manifest in manifests if manifest.definition is not None),
        key=lambda resource: resource.address,
    )
    desired = Desired(
        workspace=_workspace(workspace, root),
        resources={resource.address: resource for resource in resources},
        digest="",
    )
    return replace(desired, digest=_digest(desired))


def _workspace(manifest: Manifest, root: str) -> Workspace:
    model = manifest.workspace
    assert model is not None
    return Workspace(name=model.metadata.name, spec=model.spec, root=root)


def _resource(manifest: Manifest) -> Resource:
    address = manifest.address
    assert address is not None
    lifecycle = manifest.mapping("lifecycle")
    return Resource(
        address=address,
        spec=KINDS[address.kind].defaults(address.name, manifest.mapping("spec")),
        protect=lifecycle.get("protect", False),
        ignore_changes=tuple(lifecycle.get("ignoreChanges", ())),
        previously=tuple(manifest.mapping("metadata").get("previously", ())),
    )


def _digest(desired: Desired) -> str:
    document = to_json(desired)
    del document["root"]
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def to_json(desired: Desired) -> dict[str, Any]:
    """The set as JSON: manifests in their own shape, sorted by address, and where paths start."""
    workspace = desired.workspace
    return {
        "root": workspace.root,
        "workspace": {
            "apiVersion": API_VERSION,
            "kind": WORKSPACE_KIND,
            "metadata": {"name": workspace.name},
            "spec": workspace.spec.model_dump(mode="json", by_alias=True, exclude_none=True),
        },
        "resources": [
            _envelope(resource)
            for _address, resource in sorted(desired.resources.items(), key=lambda item: item[0])
        ],
    }


def _envelope(resource: Resource) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": resource.address.name}
    if resource.previously:
        metadata["previously"] = list(resource.previously)
    lifecycle: dict[str, Any] = {}
    if resource.protect:
        lifecycle["protect"] = True
    if resource.ignore_changes:
        lifecycle["ignoreChanges"] = list(resource.ignore_changes)
    return {
        "apiVersion": API_VERSION,
        "kind": resource.address.kind,
        "metadata": metadata,
        **({"lifecycle": lifecycle} if lifecycle else {}),
        "spec": resource.spec,
    }


def from_json(document: object) -> Desired:
    """The set that `to_json` wrote, checked by the same rules as manifests.

    Raises InvalidDesired for anything else; its text names the first fault, never a secret.
    """
    if not isinstance(document, Mapping) or set(document) != {"root", "workspace", "resources"}:
        _refuse("expected a mapping with `root`, `workspace` and `resources`")
    root, resources = document["root"], document["resources"]
    if not isinstance(root, str) or not isinstance(resources, list):
        _refuse(f"expected a text and a list, got {type_name(root)} and {type_name(resources)}")
    manifests = [
        Manifest("", number, value, nulls=True)
        for number, value in enumerate((document["workspace"], *resources))
    ]
    try:
        checked = check(manifests, policy=False)
    except RecursionError:
        _refuse("its values nest too deep")
    for fault in checked.faults:
        if fault.severity is Severity.ERROR:
            _refuse(f"{fault.address or 'a manifest'}: {fault.message}")
    if checked.workspace is None or checked.workspace is not manifests[0]:
        _refuse("`workspace` is not a Workspace")
    return build(checked.workspace, manifests[1:], root)


def _refuse(why: str) -> NoReturn:
    raise InvalidDesired(f"not a desired set: {why}")


def root_of(manifest: Manifest) -> str:
    """The folder that a workspace's relative paths start from: that of its manifest."""
    return shown(Path(manifest.file).parent)
