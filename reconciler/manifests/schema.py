"""JSON Schemas of manifests, for editors: generated from the models that check them.

Draft 2020-12. What the models refuse the schemas refuse too, as far as a schema can say it; rules
between manifests (references, names that clash) and some of URLs are beyond them.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from reconciler.manifests.manifest import MODELS
from reconciler.manifests.schema_rules import add_rules

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_WHOLE = "manifest"


def schemas() -> Mapping[str, dict[str, Any]]:
    """Each schema by its file's name: one for any manifest, and one for each kind."""
    kinds = {f"{kind.lower()}.schema.json": _of_kind(model) for kind, model in MODELS.items()}
    return {f"{_WHOLE}.schema.json": _of_any(), **kinds}


def schema_text(name: str) -> str:
    """The file `name` of `schemas()`, the same bytes on every machine; KeyError for others."""
    return json.dumps(schemas()[name], indent=2, ensure_ascii=False) + "\n"


def _of_kind(model: type[BaseModel]) -> dict[str, Any]:
    definitions = _definitions([model])
    root = definitions.pop(model.__name__)
    kind = root["properties"]["kind"]["const"]
    return {
        "$schema": _DRAFT,
        "$id": f"urn:reconciler:v1:{kind.lower()}",
        **root,
        "title": kind,
        "$defs": definitions,
    }


def _of_any() -> dict[str, Any]:
    definitions = _definitions(list(MODELS.values()))
    versions = definitions[next(iter(MODELS.values())).__name__]["properties"]["apiVersion"]
    return {
        "$schema": _DRAFT,
        "$id": f"urn:reconciler:v1:{_WHOLE}",
        "title": "Manifest",
        "description": "One document of a manifest file: a workspace, a space or an MCP server.",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {
            "apiVersion": versions,
            "kind": {
                "description": "What the manifest describes.",
                "enum": list(MODELS),
            },
        },
        # Not `oneOf`: with if/then, an editor names the field at fault instead of three kinds.
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
                "then": {"$ref": f"#/$defs/{model.__name__}"},
            }
            for kind, model in MODELS.items()
        ],
        "$defs": definitions,
    }


def _definitions(models: list[type[BaseModel]]) -> dict[str, Any]:
    _names, document = models_json_schema([(model, "validation") for model in models])
    definitions = {name: _plain(schema) for name, schema in document["$defs"].items()}
    add_rules(definitions)
    return {name: definitions[name] for name in sorted(definitions)}


def _plain(schema: Any, *, top: bool = True) -> Any:
    """The schema without nulls, generated titles, and words that only OpenAPI knows."""
    if isinstance(schema, list):
        return [_plain(item, top=False) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            result[key] = {name: _plain(inner, top=False) for name, inner in value.items()}
        elif key in ("enum", "examples", "const", "required"):
            result[key] = value
        elif key == "default":
            result |= _default(value)
        elif key == "anyOf":
            result = _without_null(value) | result
        elif not (key == "discriminator" or (key == "title" and not top)):
            result[key] = _plain(value, top=False)
    if "`" in str(result.get("description", "")):
        result["markdownDescription"] = result["description"]
    return result


def _default(value: Any) -> dict[str, Any]:
    """A default worth showing: what a model fills in for itself, or a plain value."""
    if isinstance(value, dict):
        value = {name: inner for name, inner in value.items() if inner is not None}
    return {} if value is None or value == {} else {"default": value}


def _without_null(options: list[dict[str, Any]]) -> dict[str, Any]:
    kept = [_plain(option, top=False) for option in options if option.get("type") != "null"]
    if len(kept) != 1:
        return {"anyOf": kept}
    (only,) = kept
    assert isinstance(only, dict)
    return only
