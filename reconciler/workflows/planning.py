"""Make a plan: read state and workspace, compare secrets, decide."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from reconciler import __version__
from reconciler.diagnostics import Diagnostics, count
from reconciler.execution import written_secrets
from reconciler.manifests import to_json
from reconciler.planning import (
    Basis,
    Inputs,
    Plan,
    make_plan,
    plan_json,
    renamed,
)
from reconciler.policy import Policy, compile_policy, flaws_of
from reconciler.providers import (
    Connection,
    Interrupted,
    ProviderError,
    ReadRequest,
    Unexpected,
)
from reconciler.resources import (
    Address,
    Desired,
    Path,
    Resource,
    SecretRef,
    Snapshot,
    digest_of,
)
from reconciler.state import State
from reconciler.views import PlanView
from reconciler.workflows.context import Context
from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.fingerprinting import observe_secrets, secrets_seen
from reconciler.workflows.holding import state_text
from reconciler.workflows.lifetimes import moment
from reconciler.workflows.scoping import check_scope
from reconciler.workflows.users import with_users

Mode = Literal["apply", "destroy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan and what it was made from."""

    plan: Plan
    mode: Mode
    context: Context
    snapshot: Snapshot
    state: State
    resources: Mapping[Address, Resource]
    made: datetime

    @property
    def basis(self) -> Basis:
        """What the plan depends on, as digests; fingerprints have another salt each time."""
        context = self.context
        return Basis(
            manifests=context.desired.digest,
            live=live_digests(self.snapshot, self.plan),
            secrets=secrets_seen(context, written_places(self.plan)),
            state_lineage=self.state.lineage,
            state_serial=self.state.serial,
            workspace_id=context.desired.workspace.spec.workspace_id,
            workspace_url=context.url,
            tool_version=__version__,
            made_at=moment(self.made),
            expires_at=moment(self.made + context.options.lifetime),
        )

    def document(self) -> dict[str, Any]:
        """The plan as JSON, self-contained."""
        return plan_json(
            self.plan,
            basis=self.basis,
            desired=to_json(self.context.desired),
            mode=self.mode,
            allow=self.context.options.allow,
        )

    def view(self) -> PlanView:
        """The plan for the eyes."""
        plan, options = self.plan, self.context.options
        guards = self.context.desired.workspace.spec.guards
        return PlanView(
            workspace=self.context.title,
            changes=plan.changes,
            unchanged=len(plan.unchanged),
            moves=plan.moves,
            recovered=plan.recovered,
            forgotten=plan.forgotten,
            as_declared=frozenset(plan.unchanged),
            ignored=plan.ignored,
            not_compared=plan.not_compared,
            warnings=tuple(plan.warnings),
            partial=plan.partial,
            desired={address: item.spec for address, item in self.resources.items()},
            allow=options.allow.union(guards.allow),
            made_at=moment(self.made),
            expires_at=moment(self.made + options.lifetime),
        )


def make(
    context: Context,
    connection: Connection,
    *,
    mode: Mode = "apply",
    state: State | None = None,
) -> Planned:
    """Read everything and plan; `state` when the caller holds it already. Raises ProviderError,
    StateError, Stop."""
    held = state is not None
    if state is None:
        state = context.store.load()
        context.options.trace(f"state: read {context.store.name}; {state_text(state)}")
    resources = {} if mode == "destroy" else context.desired.resources
    if not context.options.reviewed:
        check_scope(context.options.scope, {*resources, *state.entries})
    snapshot = look(context, connection, read_request(resources, state))
    planned = decide(context, snapshot, state, mode=mode, held=held)
    return replace(planned, plan=with_users(context, connection, planned.plan))


def look(context: Context, connection: Connection, request: ReadRequest) -> Snapshot:
    """Read the workspace with a session that can't write. Raises ProviderError."""
    say = context.options.say
    say(f"reading workspace {context.title}")
    with context.provider.reader(connection) as reader:
        caller = reader.check_access()
        say(f"signed in as {caller.email} ({caller.role})")
        with _nothing_written():
            snapshot = replace(reader.snapshot(request), caller=caller.email)
            _insist_on_caller(snapshot)
    found = sum(map(len, snapshot.resources.values()))
    say(f"read {found} live objects in {snapshot.calls} calls")
    return snapshot


@contextmanager
def _nothing_written() -> Iterator[None]:
    """Say of a read that fails what that means; raises the same ProviderError."""
    try:
        yield
    except Interrupted:
        raise
    except ProviderError as error:
        error.help = (*error.help, "nothing was written: that takes lists that were read whole")
        raise


def _insist_on_caller(snapshot: Snapshot) -> None:
    """Raise Unexpected when the list of members lacks the one who reads it: it isn't whole."""
    people = snapshot.directory.members
    if people is None or snapshot.caller.casefold() in {each.casefold() for each in people}:
        return
    raise Unexpected(
        f"the list of members is incomplete: {count(len(people), 'person', 'people')} listed, and "
        f"not {snapshot.caller}, who is signed in",
        help=("try again; look whether the token is still an administrator's, of this workspace",),
    )


def decide(
    context: Context,
    snapshot: Snapshot,
    state: State,
    *,
    mode: Mode = "apply",
    held: bool = True,
) -> Planned:
    """Plan on what was read; `held` says whether the state is this run's for now."""
    resources = {} if mode == "destroy" else context.desired.resources
    inputs = Inputs.of(
        replace(context.desired, resources=resources),
        state=state,
        snapshot=snapshot,
        locator=context.locator,
        forecaster=context.provider,
        observations=observe_secrets(context, resources, renamed(resources, state)),
        allow=context.options.allow,
        policy=compiled_policy(context.desired),
        scope=context.options.scope,
        held=held,
    )
    plan = make_plan(inputs)
    return Planned(
        plan=replace(plan, warnings=plan.warnings + _news(context, plan, resources)),
        mode=mode,
        context=context,
        snapshot=snapshot,
        state=state,
        resources=resources,
        made=context.options.now(),
    )


def _news(context: Context, plan: Plan, resources: Mapping[Address, Resource]) -> Diagnostics:
    """The secrets that a pull request asks for, or sends elsewhere, in what is planned."""
    planned = {*(change.address for change in plan.changes), *plan.unchanged}
    there = [resources[address] for address in sorted(planned & resources.keys())]
    return Diagnostics.of(context.trust.news(there, context.locator))


def compiled_policy(desired: Desired) -> Policy:
    """The rules of the workspace; raises Stop when one can't be used here."""
    flaws = flaws_of(desired.workspace.spec.policy or ())
    if not flaws:
        return compile_policy(desired.workspace.spec.policy or ())
    raise Stop(
        Exit.FAILED,
        "the policy can't be used; nothing was written",
        notes=tuple(f"rule `{item.rule.name}`: {item.flaw.message}" for item in flaws),
        help=tuple(dict.fromkeys(text for item in flaws for text in item.flaw.help)),
    )


def read_request(resources: Mapping[Address, Resource], state: State) -> ReadRequest:
    """What a plan for `resources` on `state` must know of the workspace."""
    owned: dict[str, set[str]] = {}
    titles: dict[str, set[str]] = {}
    for kind, remote_id in state.owners():
        owned.setdefault(kind, set()).add(remote_id)
    for intent in state.unfinished:
        if intent.replaces is not None:
            owned.setdefault(intent.address.kind, set()).add(intent.replaces)
    for address, resource in resources.items():
        titles.setdefault(address.kind, set()).add(resource.title.casefold())
    specs = [resource.spec for resource in resources.values()]
    return ReadRequest(
        owned={kind: frozenset(ids) for kind, ids in owned.items()},
        titles={kind: frozenset(names) for kind, names in titles.items()},
        members=any(spec.get("members") for spec in specs),
        groups=any(spec.get("groups") for spec in specs),
    )


def written_places(plan: Plan) -> dict[tuple[Address, Path], SecretRef]:
    """Every secret that the plan sends, by the place that names it."""
    return {
        (change.address, path): reference
        for change in plan.runnable
        for path, reference in written_secrets(change).items()
    }


def live_digests(snapshot: Snapshot, plan: Plan) -> dict[str, str]:
    """A digest of each live object that the plan touches."""
    found = {}
    for change in plan.changes:
        live = change.remote_id and snapshot.find(change.address.kind, change.remote_id)
        if live:
            found[str(change.address)] = digest_of([live.remote_id, live.spec])
    return found
