"""What this machine has seen of shared states, so that one that went back is noticed."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from reconciler.state.atomic import write_atomically
from reconciler.state.failures import StateUnwritable


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Remembers the highest serial of each state in a folder of the user's, a file a state.

    It is a help and no promise: a machine without such a folder, like most runners of pipelines,
    remembers nothing. `folder` None remembers nothing either.
    """

    folder: Path | None = None

    def highest(self, name: str) -> int:
        """The highest serial seen of the state called `name`; 0 when none was."""
        path = self._path(name)
        if path is None:
            return 0
        try:
            found = json.loads(path.read_text("utf-8"))["serial"]
        except (OSError, ValueError, KeyError, TypeError):
            return 0
        return found if isinstance(found, int) else 0

    def saw(self, name: str, serial: int) -> None:
        """Remember a serial, if that can be done."""
        path = self._path(name)
        if path is None or self.highest(name) >= serial:
            return
        text = json.dumps({"name": name, "serial": serial}) + "\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text, mode=0o600)
        except (OSError, StateUnwritable):
            return  # a home that can't be written to is no reason to stop an apply

    def _path(self, name: str) -> Path | None:
        if self.folder is None:
            return None
        return self.folder / f"{hashlib.sha256(name.encode()).hexdigest()}.json"
