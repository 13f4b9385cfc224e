"""Accept a state that is not as a run left it: altered, older than before, or not encrypted."""

from dataclasses import replace

from reconciler.state.contract import Store
from reconciler.state.failures import StateError
from reconciler.state.lease import Owner
from reconciler.state.model import State


def accept(store: Store, *, seen: State, owner: Owner) -> State | None:
    """Write the state anew as it is; None when nothing is wrong with it.

    What can't be read, isn't a state, or is another workspace's stays refused. `seen` is what
    somebody looked over and agreed to. Raises StateError, also when it was changed again since.
    """

    def take(state: State) -> State | None:
        try:
            store.load()
        except StateError:
            # A state that is gone gets another lineage at each look.
            if (state if state.serial else replace(state, lineage=seen.lineage)) != seen:
                raise
            return state
        return None

    return store.rewrite(take, owner=owner, sealed=False)
