"""State files on a real disk, and short ways to use them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.resources import Address
from reconciler.state import Consent, Entry, FileStore, Intent, Owner, Session
from reconciler.state.vigil import uptime


class Clock:
    """Seconds that pass only when they are told to."""

    def __init__(self) -> None:
        self._now = 1000.0

    def __call__(self) -> float:
        """The seconds until now."""
        return self._now

    def pass_(self, seconds: float) -> None:
        """Let time pass, as it does for one who is asleep."""
        self._now += seconds


OWNER = Owner(user="ana", host="laptop", pid=42)
FINANCE = Address("Space", "finance")
GITHUB = Address("MCPServer", "github")
CONSENT = Consent(
    connection="con_1",
    provider="mcp",
    url="https://login.example",
    who="ana@acme.example",
    since="2026-11-25T20:00:00Z",
    asked="digest",
)


def store(folder: Path, *, workspace: str = "w1", clock: Callable[[], float] = uptime) -> FileStore:
    """The store of a workspace in `folder`."""
    path = folder / "acme.json"
    return FileStore(path, provider="dust", workspace_id=workspace, clock=clock)


@contextmanager
def session(folder: Path) -> Iterator[Session]:
    """A session on the store of `folder`."""
    with store(folder).session(owner=OWNER, tool="1.0") as held:
        yield held


def entry(remote_id: str = "vlt_1", **spec: object) -> Entry:
    """An entry; `spec` is what was applied."""
    return Entry(remote_id=remote_id, applied=dict(spec))  # type: ignore[arg-type]  # JSON values


def intent(name: str = "github") -> Intent:
    """A creation about to be sent."""
    return Intent(address=Address("MCPServer", name), operation="create", match={"url": "u"})


def files(folder: Path) -> set[str]:
    """Names of what lies in the folder, apart from the lock that stays."""
    return {path.name for path in folder.iterdir()} - {"acme.json.lock"}


def crash(folder: Path, *events: object) -> str:
    """Leave file and journal as a session that died does; gives the journal's text."""
    path, journal = folder / "acme.json", folder / "acme.json.journal"
    with session(folder) as held:
        for event in events:
            match event:
                case Intent():
                    held.intend(event)
                case (Address() as address, Entry() as made):
                    held.put(address, made)
                case (Address() as address, None):
                    held.drop(address)
                case (Address() as address, str(outcome)):
                    held.settle(address, "create", outcome)
        file = path.read_bytes() if path.exists() else None
        text = journal.read_text("utf-8")
    path.unlink(missing_ok=True)
    if file is not None:
        path.write_bytes(file)
    journal.write_text(text, "utf-8")
    return text
