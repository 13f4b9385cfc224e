"""Open a page in the user's browser, where there is one to open it in."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from reconciler.programs import python, search_path

_SECONDS = 15


def open_page(url: str) -> bool:
    """Whether a browser was told to open the page.

    Only for https, or this machine: the address comes from a server. On Linux without a display
    nothing is started, for a browser in text would take over the terminal.
    """
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        return False
    named = any(os.environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))
    if not named and sys.platform not in ("win32", "darwin"):
        return False
    try:
        # A process of its own, so that nothing a browser prints gets among our output. It stands
        # where Python is: `webbrowser` starts browsers by their names, and a name such as
        # `./firefox`, or any name on Windows, is looked for in the current folder.
        done = subprocess.run(
            python("-m", "webbrowser", url),
            cwd=Path(sys.executable).parent,
            env={**os.environ, "PATH": search_path(os.environ.get("PATH", os.defpath))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
