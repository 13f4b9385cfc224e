"""Programs that hold or write a state, to be killed: `python -m tests.state.holder_program`."""

import resource
import signal
import sys
import time
from pathlib import Path

from reconciler.resources import Address
from reconciler.state import StateUnwritable
from tests.state.stores import entry, intent, session


def hold(folder: Path) -> None:
    """Hold the lock until killed."""
    with session(folder):
        print("held", flush=True)
        time.sleep(600)


def write(folder: Path) -> None:
    """Own more and more, as fast as it goes, until killed."""
    with session(folder) as held:
        start = len(held.state.entries)
        print("writing", flush=True)
        for number in range(start, start + 100_000):
            held.intend(intent(f"s{number}"))
            held.put(Address("MCPServer", f"s{number}"), entry(f"rms_{number}", text="x" * 200))
            held.settle(Address("MCPServer", f"s{number}"), "create", "done")
            held.flush()


def fill(folder: Path) -> None:
    """Write on a disk that has room for a few kilobytes, as far as this process may see."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with session(folder) as held:
            held.put(Address("Space", "first"), entry("vlt_1"))
            resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))
            held.put(Address("Space", "large"), entry("vlt_2", text="x" * 4096))
    except StateUnwritable as error:
        print(error.message, flush=True)


if __name__ == "__main__":
    {"hold": hold, "write": write, "fill": fill}[sys.argv[1]](Path(sys.argv[2]))
