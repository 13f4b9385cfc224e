"""The published schemas are those of the models, and valid schemas."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from reconciler.workflows.schemas import schema_texts

SCHEMAS = Path(__file__).parents[2] / "schemas"
NAMES = sorted(schema_texts())


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_what_the_models_say(name: str) -> None:
    """`reconciler schema --out schemas` brings it up to date."""
    published = (SCHEMAS / f"{name}.schema.json").read_text("utf-8")

    assert published == schema_texts()[name]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_valid_schema(name: str) -> None:
    Draft202012Validator.check_schema(json.loads(schema_texts()[name]))


def test_there_is_a_file_for_each_schema_and_no_other() -> None:
    assert sorted(path.name for path in SCHEMAS.iterdir()) == [f"{n}.schema.json" for n in NAMES]
