"""The guides tell the truth: what they have somebody type works, and prints what they say."""

from pathlib import Path

import pytest

from tests.docs.guide import GUIDES, steps
from tests.docs.walking import Walker
from tests.e2e.world import Servers, Workspace
from tests.parts.cli import run_anywhere

_REFERENCE = GUIDES / "reference.md"
_GUIDES = sorted({*GUIDES.glob("*.md")} - {_REFERENCE})


def test_there_are_guides() -> None:
    assert len(_GUIDES) > 3


@pytest.mark.timeout(300)
@pytest.mark.parametrize("guide", _GUIDES, ids=lambda path: path.stem)
def test_whoever_follows_a_guide_gets_where_it_leads(
    guide: Path, workspace: Workspace, servers: Servers, tmp_path: Path
) -> None:
    walker = Walker(folder=tmp_path, workspace=workspace, servers=servers)
    for step in steps(guide.read_text("utf-8")):
        walker.do(step)


def test_the_index_names_every_guide() -> None:
    index = (GUIDES / "README.md").read_text("utf-8")
    missing = [
        path.name
        for path in _GUIDES
        if path.name not in ("README.md",)
        if f"({path.name})" not in index
    ]
    assert missing == []


def test_the_reference_is_what_the_tool_explains(tmp_path: Path) -> None:
    """`reconciler explain --markdown >.github/guides/reference.md` after a change of a model."""
    assert (
        _REFERENCE.read_text("utf-8") == run_anywhere("explain", "--markdown", folder=tmp_path).out
    )
