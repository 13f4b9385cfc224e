"""State files on a real disk, and short ways to use them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.resources import Address
from reconciler.state import Entry, FileStore, Intent, Owner, Session

OWNER = Owner(user="ana", host="laptop", pid=42)
FINANCE = Address("Space", "finance")
GITHUB = Address("MCPServer", "github")


def store(folder: Path, *, workspace: str = "w1") -> FileStore:
    """The store of a workspace in `folder`."""
    return FileStore(folder / "acme.json", provider="dust", workspace_id=workspace)


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
