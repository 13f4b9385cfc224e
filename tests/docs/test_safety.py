"""The page on safety names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_every_promise_names_tests_that_exist() -> None:
    page = (ROOT / ".github" / "safety.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and "shown by" not in line]
    assert rows
    assert [row for row in rows if not _TEST.search(row)] == []
    missing = [
        f"{path}::{name}"
        for path, name in _TEST.findall(page)
        if f"def {name}(" not in (ROOT / path).read_text("utf-8")
    ]
    assert missing == []
