"""What a plain scalar means: the core schema of YAML 1.2."""

import math

import pytest

from reconciler.manifests.scalars import Scalar, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("12", 12),
        ("-7", -7),
        ("0123", 123),
        ("0o17", 15),
        ("0xfF", 255),
        ("1.5", 1.5),
        ("2e3", 2000.0),
        ("1e999", math.inf),
        ("-.inf", -math.inf),
    ],
)
def test_a_word_of_the_core_schema_has_its_value(text: str, value: Scalar) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "No", "on", "off", "y", "nUll", "tRue", "2026-01-01", "12:30:45", "1_000", "0b1"),
        *("9" * 41, "1.2.3", "e3", "+", "-", ".", "0x", "\u0661\u0662"),
    ],
)
def test_anything_else_is_text(text: str) -> None:
    assert resolve(text) == text
