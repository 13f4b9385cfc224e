"""The folder in which the tool remembers things for a person, by the customs of the platform."""

import sys
from collections.abc import Mapping
from pathlib import Path


def user_folder(environ: Mapping[str, str]) -> Path:
    """The folder of the person who runs the tool."""
    home = Path(environ.get("HOME") or Path.home())
    if sys.platform == "win32":
        base = Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        # The specification: a path that isn't absolute is to be ignored.
        named = environ.get("XDG_STATE_HOME", "")
        base = Path(named) if Path(named).is_absolute() else home / ".local" / "state"
    return base / "reconciler"
