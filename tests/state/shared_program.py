"""Programs that hold or write a state at any place: `python -m tests.state.shared_program`."""

import json
import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from reconciler.resources import Address
from reconciler.state import Owner, StateLocked
from tests.state.places import Place
from tests.state.stores import entry, intent


def hold(place: Place) -> None:
    """Write an intent down, hold the lock until killed."""
    with place.store().session(owner=_me(), tool="1.0") as held:
        held.put(Address("Space", "finance"), entry())
        held.intend(intent())
        print(_me().name, flush=True)
        time.sleep(600)


def contend(place: Place) -> None:
    """Seven runs that each try until the lock is theirs, and own one thing more."""
    with ThreadPoolExecutor(7) as pool:
        list(pool.map(lambda number: _own_one(place, f"s{os.getpid()}-{number}"), range(7)))


def _own_one(place: Place, name: str) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            with place.store().session(owner=_me(), tool="1.0") as held:
                held.put(Address("Space", name), entry(f"vlt_{name}"))
                return
        except StateLocked:
            time.sleep(random.uniform(0.01, 0.2))
    raise TimeoutError("the lock was never ours")


def _me() -> Owner:
    return Owner(user="ben", host="runner-7", pid=os.getpid())


if __name__ == "__main__":
    {"hold": hold, "contend": contend}[sys.argv[1]](Place(**json.loads(sys.argv[2])))
