"""Files of manifests for a live workspace, which pass every check. Pure: text out, no I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reconciler.manifests.checking import check
from reconciler.manifests.desired import to_json
from reconciler.manifests.faults import Fault, InDocument
from reconciler.manifests.from_live import Draft, drafts
from reconciler.manifests.manifest import Manifest
from reconciler.manifests.portable import file_stem
from reconciler.manifests.yaml_text import document
from reconciler.resources import COMPANY, Address, Desired, LiveResource, Snapshot

_FOLDERS = {"Space": "spaces", "MCPServer": "servers"}


class Grouping(StrEnum):
    """What shares a file."""

    RESOURCE = "resource"
    SPACE = "space"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A live object that no manifest can describe, and why."""

    live: LiveResource
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What was written: texts by file name, objects by address, names of secrets to provide.

    `nameless` are addresses whose manifest names no `displayName`, so that an object is found
    again by its id alone.
    """

    files: Mapping[str, str]
    objects: Mapping[Address, LiveResource]
    secrets: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    nameless: tuple[Address, ...]


def export(
    snapshot: Snapshot,
    desired: Desired,
    *,
    known: Mapping[tuple[str, str], Address],
    taken: Iterable[Address] = (),
    grouping: Grouping = Grouping.RESOURCE,
    workspace: bool = True,
) -> Export:
    """Manifests for every live object that isn't in `known`.

    Parameters: `desired` are the manifests there are, at least their workspace; `known` are
    objects with an address; `taken` more addresses in use; `workspace` says whether to write the
    Workspace manifest, too. What the rules of manifests refuse is left out, with a comment.
    """
    made = drafts(snapshot, known, [*desired.resources, *taken])
    existing = to_json(desired)
    left_out = [
        LeftOut(live=live, why="it was never finished: delete it in the workspace")
        for objects in snapshot.resources.values()
        for live in objects.values()
        if live.broken and (live.kind, live.remote_id) not in known
    ]
    left_out += _settle(made, [existing["workspace"], *existing["resources"]])
    files = _files(made, grouping)
    if workspace:
        home = existing["workspace"]
        spec = {name: value for name, value in home["spec"].items() if value != {}}
        files = {"workspace.yaml": document({**home, "spec": spec}, {}), **files}
    return Export(
        files=files,
        objects={draft.address: draft.live for draft in made},
        secrets=tuple(name for draft in made for name in draft.secrets),
        left_out=tuple(left_out),
        nameless=tuple(d.address for d in made if "displayName" not in d.spec),
    )


def _settle(made: list[Draft], existing: Sequence[Mapping[str, Any]]) -> list[LeftOut]:
    """Take out of `made` what the rules refuse, until nothing is left to refuse."""
    left_out: list[LeftOut] = []
    while True:
        values = [*existing, *(draft.value for draft in made)]
        checked = check([Manifest("", number, value) for number, value in enumerate(values)])
        refused = _by_draft(checked.faults, made, len(existing))
        if not refused:
            return left_out
        gone = [_mend(draft, faults) for draft, faults in refused]
        left_out += [each for each in gone if each is not None]
        lost = {id(each.live) for each in left_out}
        made[:] = [draft for draft in made if id(draft.live) not in lost]


def _by_draft(
    faults: Iterable[Fault], made: Sequence[Draft], first: int
) -> list[tuple[Draft, list[Fault]]]:
    found: dict[int, list[Fault]] = {}
    for fault in faults:
        if isinstance(fault.place, InDocument) and fault.place.document >= first:
            found.setdefault(fault.place.document - first, []).append(fault)
    return [(made[number], listed) for number, listed in sorted(found.items())]


def _mend(draft: Draft, faults: Sequence[Fault]) -> LeftOut | None:
    """Leave the fields at fault out; the whole object when it can't do without one of them."""
    gone: set[str] = set()
    for fault in faults:
        assert isinstance(fault.place, InDocument)
        at = fault.place.at
        name = str(at[1]) if len(at) > 1 and at[0] == "spec" else ""
        if name in gone:
            continue  # another fault of the same field took it out
        needed = name == "url" or (name == "displayName" and draft.live.kind == "Space")
        if needed or name not in draft.spec:
            return LeftOut(live=draft.live, why=fault.message)
        gone.add(name)
        if name in ("auth", "headers"):
            draft.secrets[:] = [s for s in draft.secrets if s not in str(draft.spec[name])]
        draft.leave_out(name, fault.message)
    return None


def _files(made: Sequence[Draft], grouping: Grouping) -> dict[str, str]:
    groups: dict[str, list[str]] = {}
    for draft in made:
        own = f"{_FOLDERS[draft.live.kind]}/{file_stem(draft.name)}.yaml"
        name = own if grouping is Grouping.RESOURCE else _home(draft, own)
        groups.setdefault(name, []).append(draft.text())
    return {name: "---\n".join(texts) for name, texts in sorted(groups.items())}


def _home(draft: Draft, own: str) -> str:
    """The file of the one space that a server shows in."""
    if draft.live.kind == "Space":
        return own
    spaces: Sequence[str] = draft.spec.get("spaces") or ()
    if len(spaces) != 1:
        return "servers/shared.yaml" if spaces else "servers/elsewhere.yaml"
    return (
        f"servers/{COMPANY}.yaml" if spaces[0] == COMPANY else f"spaces/{file_stem(spaces[0])}.yaml"
    )
