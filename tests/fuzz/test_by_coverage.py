"""Atheris finds nothing in a few seconds; run its programs for hours to look harder."""

import importlib.util
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.test_plans import TEXTS as PLANS
from tests.fuzz.test_states import TEXTS as STATES
from tests.manifests.corpus import ALL, GOOD

HAS_WHEELS = (sys.platform, platform.machine()) == ("linux", "x86_64") and sys.version_info < (
    3,
    14,
)
MISSING = importlib.util.find_spec("atheris") is None
pytestmark = pytest.mark.skipif(
    MISSING and not (HAS_WHEELS and "CI" in os.environ), reason="needs atheris"
)


def fuzz(program: str, folder: Path, corpus: list[bytes], runs: int) -> None:
    """Run a program for so many inputs from a corpus on."""
    inputs = folder / "inputs"
    inputs.mkdir()
    for number, data in enumerate(corpus):
        (inputs / str(number)).write_bytes(data)
    found = folder / "found"
    found.mkdir()
    longest = max(map(len, corpus))
    options = [f"-runs={runs}", "-seed=1", f"-max_len={longest}", f"-artifact_prefix={folder}/"]
    limits = ["-rss_limit_mb=1024", "-timeout=60"]
    done = subprocess.run(
        [sys.executable, "-m", program, str(found), str(inputs), *options, *limits],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "INITED" in done.stderr


def test_manifests(tmp_path: Path) -> None:
    good = [path.read_bytes() for path in sorted(GOOD.glob("*.yaml"))]
    corpus = [*good, *(case.text.encode()[:4000] for case in ALL)]
    fuzz("tests.fuzz.atheris_manifests", tmp_path, corpus, 2000)


def test_plans_and_states(tmp_path: Path) -> None:
    corpus = [text.encode() for text in (*PLANS, *STATES)]
    fuzz("tests.fuzz.atheris_documents", tmp_path, corpus, 500)
