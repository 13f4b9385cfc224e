"""Fuzzing by coverage of the reader of manifests, a program of its own.

`python -m tests.fuzz.atheris_manifests FOLDER… [-runs=N] [-max_total_time=SECONDS]` starts from the
inputs in the folders (the first takes what it finds) and stops at the first input that does harm,
which it writes to the current folder. What the options mean: <https://llvm.org/docs/LibFuzzer.html>
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["reconciler.manifests", "reconciler.resources"]):
    from reconciler.manifests import load
    from tests.fuzz.test_manifests import use


def main(arguments: list[str]) -> None:
    """Fuzz until something is found or the runs are over; never returns."""
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        path = Path(folder) / "any.yaml"

        def one(data: bytes) -> None:
            path.write_bytes(data)
            use(load([path]), data)

        atheris.Setup(arguments, one)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
