"""Probes servers one after the other, and says what came of each: `python -m … URL…`.

Prints a line of JSON each: why it isn't well (empty when it is), how far the most memory that this
process ever had grew by it in MiB, and the seconds it took.
"""

import json
import re
import sys
import time
from pathlib import Path

from reconciler.discovery import probe


def peak() -> float:
    """The most memory that this process had so far, in MiB."""
    status = Path("/proc/self/status").read_text("utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


def main(*urls: str) -> None:
    """The first one sets the baseline."""
    for url in urls:
        before, began = peak(), time.monotonic()
        found = probe(url, headers={}, timeout=60)
        grown, took = peak() - before, time.monotonic() - began
        told = {"why": "" if found.healthy else found.why, "grown": grown, "took": took}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
