"""Golden files: `RECONCILER_WRITE_GOLDEN=1 pytest …` writes them anew."""

import os
import re
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def assert_golden(name: str, text: str) -> None:
    """Compare with the golden file, or write it."""
    path = GOLDEN / name
    if os.environ.get("RECONCILER_WRITE_GOLDEN"):
        path.write_bytes(text.encode())
    assert text == path.read_bytes().decode()


def without_version(text: str) -> str:
    """A SARIF document that is the same after a release."""
    return re.sub(r'("(?:semanticV|v)ersion": )"\d[^"]*"', r'\1"VERSION"', text)
