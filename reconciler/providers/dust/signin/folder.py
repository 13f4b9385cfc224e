"""The folder in which the sign-ins of a person are."""

from collections.abc import Mapping
from pathlib import Path

from reconciler.state import user_folder


def sessions_folder(environ: Mapping[str, str]) -> Path:
    """The folder of the sign-ins of the person who runs the tool."""
    return user_folder(environ) / "sessions"
