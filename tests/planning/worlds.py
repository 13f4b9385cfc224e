"""Strategies for sets of manifests and for what people do behind our back; runs on a world."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from reconciler.planning import Plan, make_plan
from reconciler.providers import Run
from reconciler.resources import Action, Address, Change, Resource
from reconciler.secrets import Secret
from reconciler.state import Entry, State
from tests.parts.values import COMPANY_ID, inputs, server, space, state, tool
from tests.parts.world import World

URLS = ("https://a.example/mcp", "https://b.example/mcp")
OFFERS = {URLS[0]: ("search", "drop"), URLS[1]: ("search",)}
SPACE_NAMES = ("x", "y", "z")
SERVER_NAMES = ("s", "t")
TITLES = ("One", "Two", "Three", "Four")
ICONS = ("ActionCarIcon", "ActionCameraIcon")
PEOPLE = ("ana@x.io", "Bob@x.io", "eve@x.io")

Spec = dict[str, Any]
Manifests = dict[Address, Resource]


def some(mapping: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Spec]:
    """A spec with any of these fields."""
    return st.fixed_dictionaries({}, optional=dict(mapping))


def people() -> st.SearchStrategy[list[str]]:
    """A list of people."""
    return st.lists(st.sampled_from(PEOPLE), unique=True)


SPACES = some({"access": st.sampled_from(["open", "restricted"]), "members": people()})
SETTINGS = some({"stake": st.sampled_from(["high", "low"]), "enabled": st.booleans()})
AUTH = st.sampled_from(
    [
        {"mode": "none"},
        {"mode": "bearer", "token": {"env": "A"}},
        {"mode": "bearer", "token": {"env": "B"}},
    ]
)
SERVERS = some(
    {
        "url": st.sampled_from(URLS),
        "description": st.sampled_from(["d1", "d2"]),
        "icon": st.sampled_from(ICONS),
        "auth": AUTH,
        "headers": st.dictionaries(
            st.sampled_from(["X-A", "X-B"]), st.just({"env": "H"}), max_size=2
        ),
        "tools": st.dictionaries(
            st.sampled_from(["default", "search", "drop", "none-such"]), SETTINGS, max_size=3
        ),
    }
)


@st.composite
def manifests(draw: st.DrawFn) -> Manifests:
    """A valid set: titles are unique, servers name spaces that are there, or the company."""
    names = draw(st.lists(st.sampled_from(SPACE_NAMES), unique=True))
    titles = draw(st.permutations(TITLES))
    made: list[Resource] = [
        space(name, {"displayName": title, **draw(SPACES)})
        for name, title in zip(names, titles, strict=False)
    ]
    placed = st.just(["company"]) | (
        st.lists(st.sampled_from(names), unique=True) if names else st.just([])
    )
    titles = draw(st.permutations(TITLES))
    for name, title in zip(
        draw(st.lists(st.sampled_from(SERVER_NAMES), unique=True)), titles, strict=False
    ):
        spec = {"url": URLS[0], **draw(SERVERS)}
        if draw(st.booleans()):
            spec["displayName"] = title
        if draw(st.booleans()):
            spec["spaces"] = draw(placed)
        made.append(server(name, spec))
    return {item.address: item for item in made}


Edit = Callable[[World], None]


def _on_a_space(act: Callable[[World, str], None]) -> st.SearchStrategy[Edit]:
    def edit(number: int) -> Edit:
        def run(world: World) -> None:
            if world.spaces:
                act(world, sorted(world.spaces)[number % len(world.spaces)])

        return run

    return st.integers(0, 9).map(edit)


def _on_a_server(act: Callable[[World, str], None]) -> st.SearchStrategy[Edit]:
    def edit(number: int) -> Edit:
        def run(world: World) -> None:
            if world.servers:
                act(world, sorted(world.servers)[number % len(world.servers)])

        return run

    return st.integers(0, 9).map(edit)


def _setting(table: str, remote_id: str, **values: Any) -> Edit:
    def run(world: World) -> None:
        getattr(world, table)[remote_id].update(values)

    return run


def _show_in_first_space(world: World, server_id: str) -> None:
    for space_id in sorted(world.spaces)[:1]:
        world.show(server_id, space_id)


EDITS: st.SearchStrategy[Edit] = st.one_of(
    _on_a_space(lambda w, i: w.remove(i)),
    _on_a_space(lambda w, i: _setting("spaces", i, displayName=f"moved {i}")(w)),
    _on_a_space(lambda w, i: _setting("spaces", i, access="open", members=["eve@x.io"])(w)),
    _on_a_server(lambda w, i: w.remove(i)),
    _on_a_server(lambda w, i: _setting("servers", i, displayName=f"moved {i}", icon="gone")(w)),
    _on_a_server(lambda w, i: _setting("servers", i, auth={"mode": "none"}, headers={})(w)),
    _on_a_server(lambda w, i: _setting("servers", i, headers={"x-a": True, "X-New": True})(w)),
    _on_a_server(lambda w, i: _setting("servers", i, tools={"new": tool(), "search": tool()})(w)),
    _on_a_server(lambda w, i: w.show(i, COMPANY_ID)),
    _on_a_server(_show_in_first_space),
)


@dataclass
class Course:
    """A world and what is remembered of it; plans are carried out one operation at a time."""

    world: World = field(default_factory=lambda: World(OFFERS))
    state: State = field(default_factory=state)

    def plan(self, wanted: Manifests) -> Plan:
        """The plan for these manifests on what is there now."""
        return make_plan(inputs(wanted.values(), self.world.snapshot(), self.state))

    def carry_out(
        self,
        plan: Plan,
        wanted: Manifests,
        choose: Callable[[list[Address]], Address],
        after_each: Callable[[], None] = lambda: None,
    ) -> None:
        """Every runnable change, its operations interleaved with others' as `choose` likes.

        Any platform's refusal is raised: on an ideal platform a plan has to go through.
        """
        self.state = plan.state
        for address in plan.unchanged:
            self._own(address, wanted[address], self.state.entries[address].remote_id)
        left = {change.address: change for change in plan.runnable}
        steps = {a: list(change.operations) for a, change in left.items()}
        scopes = {a: self._scope(change) for a, change in left.items()}
        while left:
            ready = [a for a, change in left.items() if not set(change.depends_on) & left.keys()]
            address = choose(ready)
            change, scope = left[address], scopes[address]
            if steps[address]:
                operation = steps[address].pop(0)
                done = self.world.perform(operation, change, scope)
                if operation.creates:
                    scope.remote_id = done.remote_id
                    assert done.remote_id is not None
                    self._own(address, change.desired, done.remote_id)
                after_each()
            if not steps[address]:
                del left[address]
                if change.action is Action.DELETE:
                    self.state = self.state.drop(address)
                else:
                    assert scope.remote_id is not None
                    self._own(address, change.desired, scope.remote_id)

    def apply(self, wanted: Manifests) -> Plan:
        """Plan and carry out, in the order of the plan."""
        plan = self.plan(wanted)
        self.carry_out(plan, wanted, lambda ready: ready[0])
        return plan

    def _own(self, address: Address, resource: Resource | None, remote_id: str) -> None:
        assert resource is not None
        entry = Entry(remote_id=remote_id, applied=resource.spec, protect=resource.protect)
        self.state = self.state.put(address, entry)

    def _scope(self, change: Change) -> Run:
        return Run(
            remote_id=change.remote_id,
            resolve=lambda address: self.state.entries[address].remote_id,
            secret=lambda _reference: Secret("hush"),
        )


def shuffled(wanted: Manifests, order: list[Address]) -> Manifests:
    """The same manifests, their keys in another order, at every level."""
    return {
        address: replace(wanted[address], spec=_reversed(wanted[address].spec)) for address in order
    }


def _reversed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _reversed(value[key]) for key in reversed(list(value))}
    return value
