"""Carrying a state as a whole: out as text, back in, and from one place to another."""

import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from reconciler.resources import Address
from reconciler.state import (
    State,
    StateAltered,
    StateForeign,
    StateMoved,
    StateRolledBack,
    StateUnsealed,
    StateUnwritable,
    dump,
    parse,
)
from reconciler.workflows.context import Context
from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.holding import in_turn, owner

OLDER, OTHER, ALTERED = "older-serial", "other-lineage", "altered"
PUSH_GATES = (OLDER, OTHER, ALTERED)
"""What `state push` may be allowed by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A state that is in its place now; `written` is false when it was there already."""

    state: State
    written: bool
    source: str
    target: str


def pull_state(context: Context) -> str:
    """The state as text, folded and decrypted. Raises StateError."""
    return dump(context.store.load())


def read_state_text(file: Path) -> str:
    """The text of a file, or of stdin for `-`. Raises Stop."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Stop(Exit.FAILED, f"{file} can't be read: {why}") from None


def push_state(context: Context, text: str, *, name: str, allow: frozenset[str]) -> Carried:
    """Put the state in `text` (of the file `name`) in the place of the one that is there.

    It is written with a serial above every one before. Parameters: `allow` are names of
    `PUSH_GATES`. Raises Stop when it isn't a successor of what is there, StateError.
    """
    opened = context.places.opened(text, name=name)
    pushed = parse(opened, name=name, sealed=ALTERED not in allow)
    _insist_on_workspace(context, pushed, name)
    floor, sound = 0, True
    try:
        context.store.load()
    except StateRolledBack as error:
        floor = error.seen  # to be put right by this very push
    except (StateAltered, StateUnsealed):
        sound = False  # so are these

    def take(present: State) -> State | None:
        known = max(present.serial, floor)
        if sound and _same(present, pushed) and present.serial == known:
            return None
        if _begun(present) and present.lineage != pushed.lineage and OTHER not in allow:
            raise Stop(
                Exit.FAILED,
                f"{name} is not a successor of the state in {context.store.name}: it has another "
                "lineage",
                help=(f"if it is meant to replace that state: --allow {OTHER}",),
            )
        if pushed.serial < known and OLDER not in allow:
            raise Stop(
                Exit.FAILED,
                f"{name} has serial {pushed.serial}, and {context.store.name} had {known} already",
                help=(f"if going back is meant: --allow {OLDER}",),
            )
        return pushed

    who = owner(context.options.environ)
    written = in_turn(context, lambda: context.store.rewrite(take, owner=who, sealed=False))
    return Carried(
        state=written or pushed,
        written=written is not None,
        source=name,
        target=context.store.name,
    )


def migrate_state(context: Context, place: str) -> Carried:
    """Move the state from `place`, a URL or a path, to where the manifests say.

    The copy is read back before the former place is marked; a migration that was interrupted goes
    on. A session that is kept beside the state moves after it. Raises Stop, StateError,
    KeeperTrouble.
    """
    carried = _migrate(context, place)
    session = context.desired.workspace.spec.credentials.session
    if session is not None and session.beside is not None:
        _carry_session(context, place)
    return carried


def _carry_session(context: Context, place: str) -> None:
    """Keep the session beside the new state, and end it in the former place.

    One that is there already stays, for it was stored later. Each token counts once, so no two
    places may have the same one: the former is ended as soon as the new one has it.
    """
    from reconciler.providers.dust.signin import Ended, Why
    from reconciler.workflows.kept_sessions import keeper_of

    source, target = keeper_of(context, former=place), keeper_of(context)
    theirs, version = source.read()
    if theirs is None or theirs.tokens is None:
        return
    now, renewing = datetime.now(UTC), theirs.renewing
    if renewing is not None and not renewing.left and now < renewing.until:
        raise Stop(
            Exit.FAILED,
            f"the state has moved; the session in {source.name} is being renewed by "
            f"{renewing.text}",
            help=("run the command again when that is over: it goes on where it stopped",),
        )
    ours = target.read()[0]
    if ours is None or ours.tokens is None:
        target.start(theirs)
    elif ours.sign_in != theirs.sign_in:
        context.options.say(f"there is another session in {target.name} already, which stays")
        return
    by = owner(context.options.environ).name
    source.write(theirs.over(Ended(why=Why.SIGNED_OUT, at=now, by=by)), version)
    context.options.say(f"the session in {source.name} is kept in {target.name} from now on")


def _migrate(context: Context, place: str) -> Carried:
    target, arrived = context.store, list[Carried]()
    who = owner(context.options.environ)
    try:
        source = context.places.former(place)
        if source.identity == target.identity:
            raise Stop(
                Exit.USAGE,
                f"the state is in {target.name} already",
                help=("--from names the place where it was before",),
            )

        def receive(state: State) -> None:
            if not _begun(state):
                raise Stop(Exit.FAILED, f"there is no state in {source.name}")
            arrived.append(_receive(context, state, source.name))

        in_turn(context, lambda: source.move_out(target.name, receive, owner=who))
    except StateMoved as moved:
        state = target.load()
        if moved.to != target.name or moved.lineage != state.lineage:
            raise
        return Carried(state=state, written=False, source=place, target=target.name)
    return arrived[0]


def _receive(context: Context, state: State, source: str) -> Carried:
    target = context.store

    def take(present: State) -> State | None:
        ancestor = present.lineage == state.lineage and present.serial <= state.serial
        if not _begun(present) or (ancestor and _owns_nothing(present)):
            return state
        went_on = present.lineage == state.lineage and present.serial > state.serial
        only_there = sorted(state.owners().keys() - present.owners().keys())
        if _same(present, state):
            return None
        if went_on and not only_there:
            whole = _with_open_ends(present, state)
            return None if whole == present else whole
        if went_on:
            raise Stop(
                Exit.FAILED,
                f"{target.name} and {source} went on separately: only the latter owns "
                + ", ".join(f"{kind} {remote_id}" for kind, remote_id in only_there),
                help=(
                    "`reconciler forget` them where the manifests still name the former place",
                    "then migrate again, and take them over with `reconciler adopt`",
                ),
            )
        raise Stop(
            Exit.FAILED,
            f"there is another state in {target.name} already",
            help=("choose an empty place, or look at it with `reconciler state list`",),
        )

    who = owner(context.options.environ)
    written = target.rewrite(take, owner=who, back=state.lineage)
    found = target.load()
    if written is not None and found != written:
        raise StateUnwritable(target.name, "what was read back is not what was written", ())
    return Carried(state=found, written=written is not None, source=source, target=target.name)


def _with_open_ends(present: State, former: State) -> State:
    """`present` with the creations and sign-ins that only `former` waits for.

    One at an address at which `present` has gone on is over there: a creation that was looked up,
    a sign-in that was finished.
    """

    def here_too(address: Address) -> bool:
        return former.entries.get(address) == present.entries.get(address)

    known = {intent.address for intent in present.unfinished}
    left = (i for i in former.unfinished if i.address not in known and here_too(i.address))
    waits = {a: c for a, c in former.consents.items() if here_too(a)}
    return replace(
        present,
        unfinished=(*present.unfinished, *left),
        consents={**waits, **present.consents},
    )


def _insist_on_workspace(context: Context, state: State, name: str) -> None:
    spec = context.desired.workspace.spec
    found = f"{state.provider}/{state.workspace_id}"
    wanted = f"{spec.provider}/{spec.workspace_id}"
    if found != wanted:
        raise StateForeign(name, found, wanted)


def _begun(state: State) -> bool:
    """Whether it is more than the empty state that stands for none."""
    return state.serial > 0 or not _owns_nothing(state)


def _owns_nothing(state: State) -> bool:
    return not (state.entries or state.unfinished or state.consents)


def _same(one: State, other: State) -> bool:
    """Whether they differ in nothing but the serial."""
    return replace(one, serial=0) == replace(other, serial=0)
