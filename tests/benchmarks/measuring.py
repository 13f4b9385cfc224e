"""Time and peak memory of whole processes, as the operating system accounts them."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Medians over the runs: seconds of wall time, CPU seconds, peak memory in MiB, seconds to the
    first output."""

    wall: float
    cpu: float
    memory: float
    first: float


def measure(
    command: Sequence[str], *, runs: int, folder: Path, environ: Mapping[str, str] = {}
) -> Cost:
    """Run `python COMMAND` `runs` times after one warm-up."""
    samples = [_once(command, folder, environ) for _ in range(runs + 1)][1:]
    return Cost(
        wall=statistics.median(s.wall for s in samples),
        cpu=statistics.median(s.cpu for s in samples),
        memory=statistics.median(s.memory for s in samples),
        first=statistics.median(s.first for s in samples),
    )


def _once(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Cost:
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    head = process.stdout.read(1)
    first = time.perf_counter() - started
    output = head + process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed: {output.decode()[-2000:]}")
    return Cost(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        memory=usage.ru_maxrss / 1024,
        first=first,
    )
