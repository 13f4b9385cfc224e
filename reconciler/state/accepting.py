"""Accept a state file that somebody edited on purpose: it is sealed as it is."""

from dataclasses import replace

from reconciler.state.atomic import remove, write_atomically
from reconciler.state.document import dump
from reconciler.state.failures import StateAltered
from reconciler.state.lease import Owner
from reconciler.state.locking import lock
from reconciler.state.model import State
from reconciler.state.store import FileStore


def accept(store: FileStore, *, seen: State, owner: Owner) -> State | None:
    """Write the state with a checksum that fits; None when it fits already.

    Only the checksum is forgiven: what isn't a state stays refused. `seen` is what somebody looked
    over and agreed to. Raises StateLocked, StateUnreadable, StateForeign, StateUnwritable, and
    StateAltered when it was changed again since it was seen.
    """
    with lock(store.path, owner=owner):
        try:
            store.load()
        except StateAltered:
            state = store.load(sealed=False)
            if state != seen:
                raise
        else:
            return None
        state = replace(state, serial=state.serial + 1)
        write_atomically(store.path, dump(state))
        remove(store.journal)  # what it held is in the file now
        return state
