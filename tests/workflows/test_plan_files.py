"""What is written as a plan is small enough for whoever reads it, or isn't written at all."""

from pathlib import Path
from typing import Any

import pytest

from reconciler.resources import Each
from reconciler.workflows import Stop, read_saved, write_plan
from tests.planning.documents import document
from tests.views.scenes import PLANS


def weighing(megabytes: int) -> dict[str, Any]:
    """A document of that size and a little more."""
    return {"changes": Each(lambda number: {"text": "x" * 1024 * 1024}, range(megabytes))}


def test_a_plan_that_nothing_would_read_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "tools.plan"
    with pytest.raises(Stop) as stopped:
        write_plan(weighing(64), path)
    assert "too large for a file: more than 64 MiB" in stopped.value.message
    assert "--target" in stopped.value.help[0]
    assert list(tmp_path.iterdir()) == []


def test_a_plan_just_below_the_limit_is_written_and_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "tools.plan"
    write_plan(weighing(63), path)
    with pytest.raises(Stop, match="not a plan of this version"):
        read_saved(path)


def test_a_plan_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "tools.plan"
    whole = document(PLANS["every-action"]())
    write_plan(whole, path)
    assert read_saved(path).document == whole
    assert len(path.read_text("utf-8").splitlines()) > len(whole["changes"])
