"""Which live objects manifests take over, and what state says of them from then on. Pure."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from reconciler.diagnostics import Code, Diagnostic, Diagnostics
from reconciler.planning.diff import field_changes
from reconciler.planning.inputs import Labels, Observation, dig
from reconciler.planning.ownership import labels, settle
from reconciler.resources import (
    Address,
    Hidden,
    Json,
    LiveResource,
    Locator,
    Path,
    Resource,
    Snapshot,
    Spec,
    without,
)
from reconciler.state import Entry, State


class Matching(StrEnum):
    """Which manifests look for their object by themselves."""

    NONE = "none"
    SOME = "matching"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What adopting comes to.

    `adopted` are the objects taken over, `kept` those that their address owned before;
    `unmatched` are manifests without an object, each with ids that come near. With `faults`
    nothing is to be adopted at all. `state` owns what was adopted.
    """

    adopted: Mapping[Address, LiveResource]
    kept: tuple[Address, ...]
    unmatched: Mapping[Address, tuple[str, ...]]
    faults: Diagnostics
    state: State


def adopt(
    resources: Mapping[Address, Resource],
    state: State,
    snapshot: Snapshot,
    *,
    locator: Locator,
    claims: Mapping[Address, str],
    matching: Matching = Matching.NONE,
) -> Adoption:
    """Decide which objects `resources` take over.

    Parameters: `claims` name objects by remote id; with `matching` the other manifests look for
    an object of their identity (a space's name; a server's URL and name) that nobody owns.
    `Matching.ALL` makes it a fault when one finds none.
    """
    claiming = _Claiming(resources, state, snapshot, locator)
    for address, remote_id in sorted(claims.items()):
        claiming.claim(address, remote_id)
    if matching is not Matching.NONE:
        claiming.match(insist=matching is Matching.ALL)
    return claiming.result()


def matches(
    resources: Iterable[Resource], state: State, snapshot: Snapshot
) -> dict[Address, tuple[LiveResource, ...]]:
    """The objects that each resource without one could be: of its identity, and nobody's."""
    owners = state.owners()
    free: dict[tuple[str, str], list[LiveResource]] = {}
    for kind, objects in snapshot.resources.items():
        for live in objects.values():
            if (kind, live.remote_id) not in owners and not live.broken:
                free.setdefault((kind, _key(live.spec)), []).append(live)
    return {
        r.address: tuple(
            live for live in free.get((r.address.kind, _key(r.spec)), ()) if _same_name(r, live)
        )
        for r in resources
        if r.address not in state.entries
    }


def _key(spec: Spec) -> str:
    """What both sides are looked up by: the URL of a server, nothing for a space."""
    return str(spec.get("url", ""))


def _same_name(resource: Resource, live: LiveResource) -> bool:
    if "displayName" not in resource.spec:
        return True
    return resource.kind.name_key(resource.title) == resource.kind.name_key(live.title)


class _Claiming:
    """Claims gathered one by one, each against those before."""

    def __init__(
        self,
        resources: Mapping[Address, Resource],
        state: State,
        snapshot: Snapshot,
        locator: Locator,
    ) -> None:
        self._resources = resources
        self._before = state
        self._settled = settle(resources, state, snapshot).state
        self._snapshot = snapshot
        self._locator = locator
        self._taken: dict[Address, LiveResource] = {}
        self._kept: list[Address] = []
        self._unmatched: dict[Address, tuple[str, ...]] = {}
        self._faults: list[Diagnostic] = []

    def claim(self, address: Address, remote_id: str) -> None:
        """Take one object over by its id."""
        entry = self._settled.entries.get(address)
        if entry is not None and entry.remote_id == remote_id:
            self._kept.append(address)
        elif entry is not None:
            self._fault(
                address,
                Code.ALREADY_OWNED,
                f"{address} owns {entry.remote_id} already, so it can't adopt {remote_id}",
                f"to give up {entry.remote_id}, run `reconciler forget {address}` first",
            )
        elif (live := self._snapshot.find(address.kind, remote_id)) is None:
            self._unknown(address, remote_id)
        else:
            self._take(address, live)

    def match(self, *, insist: bool) -> None:
        """Let every manifest without an object look for its own."""
        trial = self._with_taken(self._settled)
        found = matches(self._resources.values(), trial, self._snapshot)
        wanted: dict[str, list[Address]] = {}
        for address, objects in found.items():
            for live in objects if len(objects) == 1 else ():
                wanted.setdefault(live.remote_id, []).append(address)
        for address, objects in sorted(found.items()):
            rivals = wanted.get(objects[0].remote_id, []) if len(objects) == 1 else []
            if len(rivals) == 1:
                self._take(address, objects[0])
            elif objects:
                self._several(address, objects, rivals)
            else:
                self._missing(address, insist=insist)
        if insist:
            self._kept += [a for a in self._resources if a in self._settled.entries]

    def result(self) -> Adoption:
        """What all claims come to."""
        state = self._with_taken(self._before)
        names = labels(self._with_taken(self._settled), self._snapshot)
        for address, live in self._taken.items():
            entry = adopted_entry(self._resources[address], live, names)
            state = state.put(address, entry)
        adopted = self._taken.keys()
        state = replace(
            state,
            unfinished=tuple(i for i in state.unfinished if i.address not in adopted),
            consents={a: c for a, c in state.consents.items() if a not in adopted},
        )
        return Adoption(
            adopted=dict(sorted(self._taken.items())),
            kept=tuple(sorted(set(self._kept))),
            unmatched=dict(sorted(self._unmatched.items())),
            faults=Diagnostics.of(self._faults),
            state=state,
        )

    def _with_taken(self, state: State) -> State:
        for address, live in self._taken.items():
            state = state.put(address, Entry(remote_id=live.remote_id))
        return state

    def _take(self, address: Address, live: LiveResource) -> None:
        owner = self._with_taken(self._settled).owners().get((live.kind, live.remote_id))
        if owner is not None:
            self._fault(
                address,
                Code.ALREADY_OWNED,
                f"{live.remote_id} (`{live.title}`) belongs to {owner} already",
                "an object has one owner: choose another, or take one of the two manifests out",
                f"to give it another address, run `reconciler state mv {owner} {address}`",
            )
        elif live.broken:
            self._fault(
                address,
                Code.HALF_MADE,
                f"{live.remote_id} was never finished by the platform, so it can't be adopted",
                "delete it in the workspace; `apply` makes it anew",
            )
        else:
            self._taken[address] = live

    def _unknown(self, address: Address, remote_id: str) -> None:
        snapshot = self._snapshot
        for kind in snapshot.resources:
            if snapshot.find(kind, remote_id) is not None:
                self._fault(
                    address,
                    Code.WRONG_KIND,
                    f"{remote_id} is a {kind}, and {address} a {address.kind}",
                    f"adopt it by a manifest of the kind {kind}",
                )
                return
        near = self._near(self._resources[address])
        advice = [f"objects that come near: {', '.join(near)}"] if near else []
        if remote_id in snapshot.company:
            advice = ["it is the whole workspace, which nobody owns: `spaces: [company]` shows it"]
        self._fault(
            address,
            Code.UNKNOWN_REMOTE_ID,
            f"the workspace has no {address.kind} with the id {remote_id}",
            *advice,
            "what the platform itself made (built-in tools, special spaces) can't be adopted",
        )

    def _several(
        self, address: Address, objects: Iterable[LiveResource], rivals: Iterable[Address]
    ) -> None:
        ids = [live.remote_id for live in objects]
        others = [str(other) for other in rivals if other != address]
        message = f"{len(ids)} objects could be {address}: {', '.join(ids)}"
        if others:
            message = f"{ids[0]} could be {address} as well as {', '.join(others)}"
        self._fault(
            address,
            Code.SEVERAL_MATCHES,
            message,
            f"say which one: `reconciler adopt {shlex.quote(f'{address}={ids[0]}')}`",
        )

    def _missing(self, address: Address, *, insist: bool) -> None:
        near = self._near(self._resources[address])
        if not insist:
            self._unmatched[address] = near
            return
        self._fault(
            address,
            Code.NO_MATCH,
            f"the workspace has nothing that {address} could be",
            *(f"it may be {remote_id}: adopt `{address}={remote_id}`" for remote_id in near[:3]),
            "with `--matching`, manifests without an object are left for `apply` to create",
        )

    def _near(self, resource: Resource) -> tuple[str, ...]:
        """Objects that nobody owns and that share the URL or the name."""
        owners = self._with_taken(self._settled).owners()
        kind = resource.address.kind
        return tuple(
            sorted(
                remote_id
                for remote_id, live in self._snapshot.resources.get(kind, {}).items()
                if (kind, remote_id) not in owners
                and (
                    ("url" in resource.spec and live.spec.get("url") == resource.spec["url"])
                    or ("displayName" in resource.spec and _same_name(resource, live))
                )
            )
        )

    def _fault(self, address: Address, code: Code, message: str, *help_: str) -> None:
        self._faults.append(
            Diagnostic(
                code=code,
                message=message,
                span=self._locator.span(address),
                help=help_,
                address=str(address),
            )
        )


def adopted_entry(resource: Resource, live: LiveResource, names: Labels) -> Entry:
    """What state says of an object that was made elsewhere.

    What the workspace shows counts as last applied, so that what differs is planned as an edit and
    not as drift; and so does the manifest's word for what can't be read back.
    """
    differing = field_changes(
        resource.kind,
        desired=resource.spec,
        live=live.spec,
        applied=resource.spec,
        labels=names,
        observe=lambda _path: Observation.NOT_COMPARED,
    )
    applied = resource.spec
    for change in differing:
        policy = resource.kind.policy(change.path)
        if not policy.write_only and not isinstance(change.before, Hidden):
            before = change.before
            value = sorted(before) if isinstance(before, frozenset) else before
            applied = _with(applied, change.path, value)
        elif dig(applied, change.path) is not None:
            applied = without(applied, change.path)
    return Entry(remote_id=live.remote_id, applied=applied, protect=resource.protect)


def _with(spec: Spec, path: Path, value: Json) -> Spec:
    """`spec` with another value at `path`."""
    head, *rest = path
    inner = spec.get(head)
    if rest:
        value = _with(inner if isinstance(inner, Mapping) else {}, tuple(rest), value)
    return {**spec, head: value}
