"""Ownership by hand, under the lock: look it up, rename it, give it up; nothing is asked."""

import difflib
from collections.abc import Collection, Sequence
from dataclasses import replace

from reconciler.planning import moved
from reconciler.resources import KINDS, Address
from reconciler.state import Entry, State, accept
from reconciler.workflows.context import Context
from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.holding import holding, owner


def owned_at(context: Context, text: str) -> tuple[Address, Entry]:
    """What is owned at an address. Raises Stop, StateError."""
    state = context.store.load()
    address = _address(text)
    return address, _entry(state, address)


def move_address(context: Context, old: str, new: str) -> Entry:
    """Give what `old` owns to `new`, in one step. Raises Stop, StateError."""
    source, target = _address(old), _address(new)
    if source.kind != target.kind:
        raise Stop(Exit.USAGE, f"{source} can't become {target}: an object doesn't change its kind")
    with holding(context) as session:
        state = session.state
        entry = _entry(state, source)
        _insist_on_rest(state, source, target)
        if target in state.entries:
            raise Stop(
                Exit.FAILED,
                f"{target} owns {state.entries[target].remote_id} already",
                help=(f"run `reconciler forget {target}` first, or choose another address",),
            )
        session.start_from(moved(state, {source: target}))
    return entry


def forget_addresses(context: Context, texts: Sequence[str]) -> dict[Address, Entry | None]:
    """Own nothing at these addresses, nor wait for anything there; all or none.

    Raises Stop when one owns nothing, StateError.
    """
    addresses = sorted({_address(text) for text in texts})
    with holding(context) as session:
        state = session.state
        waiting = {*state.consents, *(intent.address for intent in state.unfinished)}
        gone: dict[Address, Entry | None] = {}
        for address in addresses:
            known = address in waiting and address not in state.entries
            gone[address] = None if known else _entry(state, address)
        session.start_from(_without(state, gone.keys()))
    return gone


def accept_state(context: Context, seen: State) -> State | None:
    """Take the state as somebody left it, and saw it; None when nothing is wrong with it.

    Raises StateError.
    """
    return accept(context.store, seen=seen, owner=owner(context.options.environ))


def _insist_on_rest(state: State, source: Address, target: Address) -> None:
    """Raise Stop while it isn't known yet what either address owns."""
    started = {intent.address for intent in state.unfinished}
    for address in (source, target):
        if address in started:
            raise Stop(
                Exit.FAILED,
                f"a creation of {address} was started, and nobody saw it end",
                help=("apply first: it looks what happened",),
            )
    if target in state.consents:
        raise Stop(
            Exit.FAILED,
            f"{target} waits for a sign-in",
            help=("apply first: it looks what happened",),
        )


def _without(state: State, gone: Collection[Address]) -> State:
    return replace(
        state,
        entries={a: entry for a, entry in state.entries.items() if a not in gone},
        unfinished=tuple(i for i in state.unfinished if i.address not in gone),
        consents={a: consent for a, consent in state.consents.items() if a not in gone},
    )


def _entry(state: State, address: Address) -> Entry:
    entry = state.entries.get(address)
    if entry is None:
        known = [str(each) for each in state.entries]
        near = difflib.get_close_matches(str(address), known, n=1)
        raise Stop(
            Exit.FAILED,
            f"the state owns nothing at {address}",
            help=(f"did you mean {near[0]}?" if near else "`reconciler state list` shows it all",),
        )
    return entry


def _address(text: str) -> Address:
    try:
        address = Address.parse(text)
    except ValueError as error:
        raise Stop(
            Exit.USAGE,
            f"`{text}` is no address: {error}",
            help=("a name has lower-case letters, digits, `.`, `_` and `-`, 63 at most",),
        ) from None
    if address.kind not in KINDS:
        raise Stop(
            Exit.USAGE,
            f"`{text}` is no address: there is no kind {address.kind}",
            help=(f"kinds are {', '.join(KINDS)}",),
        )
    return address
