"""The published schemas are fresh, take every good manifest, and refuse what they can."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from reconciler.manifests import schema_text, schemas
from tests.manifests.corpus import ALL, GOOD, YAML, Case

ROOT = Path(__file__).parents[2]
_ALL = schemas()
_PIPELINES = ROOT / "examples" / "pipelines"
_GOOD_FILES = sorted(
    path
    for path in (*GOOD.glob("*.yaml"), *(ROOT / "examples").rglob("*.y*ml"))
    if not path.is_relative_to(_PIPELINES)  # workflows, not manifests
)
_IN_SCHEMA = [case for case in ALL if case.in_schema and case not in YAML]


class _Loader(yaml.SafeLoader):
    """Reads as editors do: by the core schema, in which `yes` and dates are text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in found if not tag.endswith((":bool", ":timestamp"))]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("(true|false)$"), ["t", "f"])


def _documents(text: str) -> Iterator[Any]:
    return (document for document in yaml.load_all(text, _Loader) if document is not None)


def _validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(_ALL[name])


@pytest.mark.parametrize("name", _ALL)
def test_the_file_in_schemas_is_fresh(name: str) -> None:
    assert (ROOT / "schemas" / name).read_text() == schema_text(name)


@pytest.mark.parametrize("name", _ALL)
def test_a_schema_is_a_valid_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(_ALL[name])
    assert _ALL[name]["$id"]
    assert _ALL[name]["title"]


@pytest.mark.parametrize("name", _ALL)
def test_a_schema_offers_no_null(name: str) -> None:
    text = schema_text(name)
    assert '"null"' not in text
    assert ": null" not in text


def _described(schema: Any, at: str) -> Iterator[tuple[str, bool]]:
    if isinstance(schema, dict):
        for name, inner in schema.get("properties", {}).items():
            if isinstance(inner, dict) and ("type" in inner or "oneOf" in inner):
                fixed = "const" in inner
                yield f"{at}.{name}", fixed or "description" in inner
        for key, inner in schema.items():
            yield from _described(inner, f"{at}.{key}")


def test_every_field_has_a_description() -> None:
    found = list(_described(_ALL["manifest.schema.json"]["$defs"], ""))
    assert len(found) > 30
    assert [name for name, described in found if not described] == []


@pytest.mark.parametrize("path", _GOOD_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_good_manifests_fit_the_whole_schema_and_that_of_their_kind(path: Path) -> None:
    documents = list(_documents(path.read_text()))
    assert documents
    for document in documents:
        _validator("manifest.schema.json").validate(document)
        _validator(f"{document['kind'].lower()}.schema.json").validate(document)


@pytest.mark.parametrize("case", _IN_SCHEMA, ids=lambda case: case.name)
def test_what_is_refused_here_is_refused_by_the_schema(case: Case) -> None:
    validator = _validator("manifest.schema.json")
    assert any(not validator.is_valid(document) for document in _documents(case.text))


def test_the_rest_is_beyond_a_schema() -> None:
    validator = _validator("manifest.schema.json")
    beyond = [case for case in ALL if not case.in_schema]
    wrong = [
        case.name
        for case in beyond
        if not all(validator.is_valid(document) for document in _documents(case.text))
    ]
    assert beyond
    assert wrong == []


def test_a_schema_is_the_same_text_each_time() -> None:
    assert schema_text("manifest.schema.json") == schema_text("manifest.schema.json")
    assert json.loads(schema_text("manifest.schema.json")) == schemas()["manifest.schema.json"]
