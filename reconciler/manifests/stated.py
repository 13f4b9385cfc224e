"""What a set of manifests states about destinations and secrets, for another set to be held to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.manifests.files import BYTE_ORDER_MARK
from reconciler.manifests.manifest import Manifest
from reconciler.manifests.reading import read_documents
from reconciler.manifests.shape import check_shape
from reconciler.manifests.suggestions import Suggester
from reconciler.resources import Path as FieldPath
from reconciler.resources import SecretRef, Spec, WorkspaceSpec, secret_refs

_OF_THE_CLIENT = (("auth", "clientId"), ("auth", "clientSecret"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """The Workspaces by name, and where each secret that the other manifests name goes to."""

    workspaces: Mapping[str, WorkspaceSpec] = field(default_factory=dict)
    destinations: Mapping[SecretRef, frozenset[str]] = field(default_factory=dict)


def destination(spec: Spec, path: FieldPath) -> str:
    """The address that the secret at `path` of a server's spec is for."""
    auth = spec.get("auth")
    if path in _OF_THE_CLIENT and isinstance(auth, Mapping) and auth.get("tokenEndpoint"):
        return str(auth["tokenEndpoint"])
    return str(spec.get("url", ""))


def stated(texts: Iterable[tuple[str, bytes]]) -> Stated:
    """What files, given by name and content, state.

    Whatever breaks the rules of its kind states nothing; nothing is raised for it.
    """
    workspaces: dict[str, WorkspaceSpec] = {}
    destinations: dict[SecretRef, frozenset[str]] = {}
    suggest = Suggester()
    for name, data in texts:
        for document in read_documents(name, data.removeprefix(BYTE_ORDER_MARK)).documents:
            manifest = Manifest(name, document.index, document.value, document.nulls)
            check_shape(manifest, suggest)
            if manifest.workspace is not None:
                model = manifest.workspace
                workspaces.setdefault(model.metadata.name, model.spec)
            elif manifest.definition is not None and manifest.fits:
                spec = manifest.mapping("spec")
                for path, reference in secret_refs(manifest.definition, spec).items():
                    known = destinations.get(reference, frozenset())
                    destinations[reference] = known | {destination(spec, path)}
    return Stated(workspaces=workspaces, destinations=destinations)
