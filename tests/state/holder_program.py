"""Programs that hold or write a state, to be killed: `python -m tests.state.holder_program`."""

import os
import random
import resource
import signal
import sys
import time
import traceback
from pathlib import Path

from reconciler.resources import Address
from reconciler.state import StateLocked, StateUnwritable
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


def contend(folder: Path) -> None:
    """Try until the lock is ours, and then be alone with the state."""
    mine, alone = Address("Space", f"s{os.getpid()}"), folder / "somebody-is-inside"
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            with session(folder) as held:
                alone.touch(exist_ok=False)
                held.put(mine, entry(f"vlt_{os.getpid()}"))
                held.flush()
                alone.unlink()
                print(held.state.serial, flush=True)
                return
        except StateLocked:
            time.sleep(random.uniform(0.01, 0.1))
    raise TimeoutError("the lock was never ours")


def crowd(folder: Path) -> None:
    """Fifty processes that contend; an error when one of them ends badly."""
    children = []
    for _ in range(50):
        pid = os.fork()
        if pid == 0:
            random.seed(os.getpid())
            try:
                contend(folder)
            except BaseException:  # noqa: BLE001 - told on stderr, which the test shows
                traceback.print_exc()
                os._exit(1)
            sys.stdout.flush()
            os._exit(0)
        children.append(pid)
    ended = [os.waitpid(pid, 0)[1] for pid in children]
    sys.exit(any(ended))


if __name__ == "__main__":
    programs = {"hold": hold, "write": write, "fill": fill, "crowd": crowd}
    programs[sys.argv[1]](Path(sys.argv[2]))
