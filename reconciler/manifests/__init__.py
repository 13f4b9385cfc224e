"""Manifests: YAML files to the desired set, with a located message for all that is wrong."""

from reconciler.manifests.declared import Declared, StatePlace, declared
from reconciler.manifests.desired import InvalidDesired, from_json, to_json
from reconciler.manifests.exporting import Export, Grouping, LeftOut, export
from reconciler.manifests.files import MAX_FILE_BYTES, MAX_TOTAL_BYTES, is_manifest_name
from reconciler.manifests.loading import Loaded, load
from reconciler.manifests.schema import schema_text, schemas
from reconciler.manifests.stated import Stated, destination, stated
from reconciler.manifests.urls import state_url_problem

__all__ = [
    "MAX_FILE_BYTES",
    "MAX_TOTAL_BYTES",
    "Declared",
    "Export",
    "Grouping",
    "InvalidDesired",
    "LeftOut",
    "Loaded",
    "StatePlace",
    "Stated",
    "declared",
    "destination",
    "export",
    "from_json",
    "is_manifest_name",
    "load",
    "schema_text",
    "schemas",
    "state_url_problem",
    "stated",
    "to_json",
]
