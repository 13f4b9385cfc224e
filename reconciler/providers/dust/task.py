"""One operation being performed: what it is for, and what it may use."""

from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import quote

from reconciler.providers.contract import Run
from reconciler.providers.dust.directory import Directory
from reconciler.providers.dust.reader import Places
from reconciler.providers.dust.sessions import WriteClient
from reconciler.providers.dust.wire import SPACES
from reconciler.providers.failures import NotFound
from reconciler.resources import Change, Operation, Spec


class Landmarks:
    """The workspace's two special spaces, read once, when first needed."""

    def __init__(self, client: WriteClient) -> None:
        self._client = client
        self._lock = Lock()
        self._places: Places | None = None

    def places(self) -> Places:
        """System and company space."""
        with self._lock:
            if self._places is None:
                spaces = self._client.get("/spaces", SPACES, [("role", "admin")]).spaces
                self._places = Places.of(spaces)
            return self._places


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One operation of one change, with the session that it is sent through."""

    operation: Operation
    change: Change
    run: Run
    client: WriteClient
    directory: Directory
    landmarks: Landmarks

    @property
    def spec(self) -> Spec:
        """What the manifest says; empty for a delete."""
        return self.change.desired.spec if self.change.desired else {}

    @property
    def facts(self) -> dict[str, Any]:
        """The facts of the object that planning saw; empty when there was none."""
        return dict(self.change.live.facts) if self.change.live else {}

    def object_id(self) -> str:
        """The object to work on. Raises NotFound when there is none."""
        if self.run.remote_id is None:
            raise NotFound(
                f"{self.change.address} has no object in the workspace to work on",
                help=("plan again",),
            )
        return self.run.remote_id


def segment(text: str) -> str:
    """`text` as one segment of a path."""
    return quote(text, safe="")
