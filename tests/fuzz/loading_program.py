"""Loads manifests with little memory and time to spare: `python -m … MIB SECONDS FILE…`."""

import resource
import sys
from pathlib import Path

from reconciler.diagnostics import render_json, render_text
from reconciler.manifests import load


def main(mebibytes: str, seconds: str, *names: str) -> None:
    """Each file by itself; prints `NAME ERRORS CHARACTERS`, a line each."""
    size = int(mebibytes) * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    for name in names:
        loaded = load([Path(name)])
        text = render_text(loaded.diagnostics)
        render_json(loaded.diagnostics)
        print(Path(name).stem, len(loaded.diagnostics.errors), len(text), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
