"""What was taken over, given up or renamed, and what is owned: as text and JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.diagnostics import Palette, count, printable
from reconciler.planning import Plan, change_json
from reconciler.resources import Address, LiveResource, Path, show_path
from reconciler.state import Entry, State


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptionView:
    """How an adoption ended; `plan` is what is left to do."""

    adopted: Mapping[Address, LiveResource]
    kept: Sequence[Address]
    unmatched: Mapping[Address, Sequence[str]]
    unseen: Sequence[tuple[Address, Path]]
    plan: Plan


def adoption_text(view: AdoptionView, palette: Palette) -> str:
    """Each object with its new owner, and what couldn't be known."""
    lines = [
        f"  {palette.added('adopted')} {palette.bold(str(address))} is {printable(live.remote_id)} "
        f'"{printable(live.title)}"'
        for address, live in view.adopted.items()
    ]
    for address, near in view.unmatched.items():
        hint = f"; it may be {', '.join(map(printable, near))}" if near else ""
        lines.append(f"  {palette.dim('·')} {address} has no object yet{hint}")
    if view.unseen:
        places = ", ".join(f"{address} {show_path(path)}" for address, path in view.unseen[:3])
        more = f" and {len(view.unseen) - 3} more" if len(view.unseen) > 3 else ""
        lines.append(
            f"  {palette.dim('·')} not available here, so that a rotation goes unseen until it is "
            f"written once: {printable(places)}{more}"
        )
    owned = f", {len(view.kept)} owned before" if view.kept else ""
    lines += [""] if lines else []
    lines.append(f"{palette.bold('Adopted')} {count(len(view.adopted), 'object')}{owned}.")
    if not view.plan.changes:
        lines.append(f"The plan is {palette.added('empty')}: nothing differs from the manifests.")
    return "\n".join(lines) + "\n"


def adoption_json(view: AdoptionView) -> dict[str, Any]:
    """The same as JSON (`schemas/adoption.schema.json`)."""
    return {
        "format": "reconciler.adoption/v1",
        "adopted": [
            {"address": str(address), "remoteId": live.remote_id, "title": live.title}
            for address, live in view.adopted.items()
        ],
        "ownedBefore": [str(address) for address in view.kept],
        "unmatched": [
            {"address": str(address), "near": list(near)}
            for address, near in view.unmatched.items()
        ],
        "withoutFingerprint": [[str(address), list(path)] for address, path in view.unseen],
        "planIsEmpty": not view.plan.changes,
        "changes": [change_json(change) for change in view.plan.changes],
    }


def owned_text(state: State, palette: Palette) -> str:
    """Everything that a state owns or waits for, a line each."""
    width = max((len(str(address)) for address in _all(state)), default=0)
    lines = []
    for address, entry in sorted(state.entries.items()):
        marks = ["protected"] * entry.protect
        marks += [f"leftover {printable(i)}" for i in entry.deposed]
        tail = palette.dim(f"  ({', '.join(marks)})") if marks else ""
        lines.append(f"{address!s:<{width}}  {printable(entry.remote_id)}{tail}")
    if not state.entries:
        lines.append("The state owns nothing.")
    for address, consent in sorted(state.consents.items()):
        who = f"waits for {printable(consent.who)} to sign in, since {printable(consent.since)}"
        lines.append(f"{address!s:<{width}}  {palette.warning(who)}")
    for intent in state.unfinished:
        what = "was being made when a run ended; the next apply looks it up"
        lines.append(f"{intent.address!s:<{width}}  {palette.warning(what)}")
    return "\n".join(lines) + "\n"


def _all(state: State) -> set[Address]:
    return {*state.entries, *state.consents, *(intent.address for intent in state.unfinished)}


def carried_json(state: State, *, source: str, target: str, written: bool) -> dict[str, Any]:
    """A state that was carried to another place (`schemas/carried.schema.json`)."""
    return {
        "format": "reconciler.carried/v1",
        "source": source,
        "target": target,
        "written": written,
        "lineage": state.lineage,
        "serial": state.serial,
        "resources": len(state.entries),
    }


def owned_json(state: State) -> dict[str, Any]:
    """The same as JSON (`schemas/owned.schema.json`)."""
    return {
        "format": "reconciler.owned/v1",
        "workspaceId": state.workspace_id,
        "lineage": state.lineage,
        "serial": state.serial,
        "resources": [entry_json(a, entry) for a, entry in sorted(state.entries.items())],
        "waiting": [
            {"address": str(address), "who": consent.who, "since": consent.since}
            for address, consent in sorted(state.consents.items())
        ],
        "unfinished": [str(intent.address) for intent in state.unfinished],
    }


def entry_json(address: Address, entry: Entry) -> dict[str, Any]:
    """One owned resource; of secrets it tells where their fingerprints are, not what they are."""
    return {
        "address": str(address),
        "remoteId": entry.remote_id,
        "protect": entry.protect,
        "leftovers": list(entry.deposed),
        "applied": dict(entry.applied),
        "fingerprinted": [list(path) for path in sorted(entry.fingerprints)],
    }
