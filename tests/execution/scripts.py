"""A world with faults, and runs of the executor on it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from reconciler.execution import (
    Listener,
    Outcome,
    Person,
    Report,
    Tools,
    execute,
    needed_secrets,
)
from reconciler.planning import Observation, Plan, make_plan
from reconciler.providers import Done, Run
from reconciler.resources import Change, Operation, Resource, SecretRef
from reconciler.resources import Path as FieldPath
from reconciler.secrets import Secret
from reconciler.state import Consent, FileStore, Owner, Session, State
from tests.parts.values import inputs
from tests.parts.world import World

Hook = Callable[[], None]

OWNER = Owner(user="ana", host="laptop", pid=42)


class Scripted:
    """Performs what the world can, with hooks `before` and `after` an operation.

    A hook that raises before leaves the operation undone; one that raises after, done.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.before: dict[str, Hook] = {}
        self.after: dict[str, Hook] = {}

    def perform(self, operation: Operation, change: Change, run: Run) -> Done:
        """Do it, with its hooks, which are used up."""
        key = f"{change.address} {operation.name}"
        self.before.pop(key, _nothing)()
        done = self.world.perform(operation, change, run)
        self.after.pop(key, _nothing)()
        return done

    def finish_sign_in(self, consent: Consent, callback: str) -> None:
        """Note which address came back."""
        self.world.log.append(f"finish {consent.connection} {callback}")


def _nothing() -> None:
    """What happens where nothing was scripted."""


def raising(error: Exception) -> Hook:
    """A hook that fails."""

    def fail() -> None:
        raise error

    return fail


@dataclass(kw_only=True)
class Bench:
    """A world, a writer with faults, and a state file in a folder."""

    folder: Path
    world: World = field(default_factory=World)
    stop: Event = field(default_factory=Event)
    lookups: tuple[float, ...] = (0.0, 0.0)
    parallelism: int = 1
    listener: Listener = field(default_factory=Listener)
    observations: dict[tuple[str, FieldPath], Observation] = field(default_factory=dict)
    person: Person | None = None
    prints: Callable[[SecretRef], str] = lambda reference: f"print of {reference}"

    def __post_init__(self) -> None:
        self.writer = Scripted(self.world)

    @property
    def store(self) -> FileStore:
        """Where the state is."""
        return FileStore(self.folder / "state.json", provider="dust", workspace_id="w1")

    @property
    def state(self) -> State:
        """What is remembered now."""
        return self.store.load()

    def plan(self, resources: Iterable[Resource]) -> Plan:
        """The plan on what is remembered and what is there."""
        given = inputs(resources, self.world.snapshot(), self.state, observations=self.observations)
        return make_plan(given)

    def apply(self, *resources: Resource) -> Report:
        """Plan and carry out."""
        with self.store.session(owner=OWNER, tool="test") as session:
            return self.carry_out(session, *resources)

    def carry_out(self, session: Session, *resources: Resource) -> Report:
        """Plan and carry out in a session that is open."""
        whole = self.world.snapshot()
        plan = make_plan(inputs(resources, whole, session.state, observations=self.observations))
        return execute(
            plan,
            Tools(
                writer=self.writer,
                reader=self.world,
                session=session,
                snapshot=whole,
                secrets={ref: Secret("hush") for ref in needed_secrets(plan.runnable)},
                fingerprint=self.prints,
                listener=self.listener,
                parallelism=self.parallelism,
                lookups=self.lookups,
                stop=self.stop,
                person=self.person,
            ),
            {item.address: item for item in resources},
        )


def outcomes(report: Report) -> dict[str, Outcome]:
    """The outcome of every change, by address."""
    return {str(result.change.address): result.outcome for result in report.results}


@contextmanager
def memory_folder() -> Iterator[Path]:
    """A folder in memory where there is one, for runs that write a great deal."""
    shared = Path("/dev/shm")
    with TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        yield Path(name)
