"""Each fault gets one located message, as its author sees it.

`RECONCILER_WRITE_GOLDEN=1` rewrites the expected texts; read the difference before committing it.
"""

import os
from pathlib import Path

import pytest

from reconciler.diagnostics import Code, render_text
from reconciler.manifests import load
from tests.manifests.corpus import ALL, WORKSPACE, Case, beside

GOLDEN = Path(__file__).parent / "golden"


def _load(case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], str]:
    monkeypatch.chdir(folder)
    Path("case.yaml").write_text(case.text)
    if others := beside(case):
        Path("others.yaml").write_text(others)
    loaded = load([Path()])
    assert loaded.desired is None
    return [item.code for item in loaded.diagnostics], render_text(loaded.diagnostics)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_a_fault_reads_like_this(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes, text = _load(case, tmp_path, monkeypatch)
    golden = GOLDEN / f"{case.name}.txt"
    if os.environ.get("RECONCILER_WRITE_GOLDEN"):
        golden.write_text(text)
    assert text == golden.read_text()
    assert set(codes) == {case.code}
    assert "CANARY" not in text


def test_there_is_no_golden_text_without_a_case() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {case.name for case in ALL}


def test_a_second_workspace_is_told_of_where_the_first_has_no_name_to_use(tmp_path: Path) -> None:
    text = WORKSPACE.replace("acme", "[]") + "---\n" + WORKSPACE
    (tmp_path / "two.yaml").write_text(text)
    found = [item.code for item in load([tmp_path]).diagnostics]
    assert found == [Code.WRONG_TYPE, Code.DUPLICATE_WORKSPACE]
